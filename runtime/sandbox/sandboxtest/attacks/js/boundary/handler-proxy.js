// class: boundary
// engine: js
// tiers: both
// expect: value 1
// note: a global called handler is nothing to the host

module.exports = api => {
  globalThis.handler=new Proxy(function(){}, {apply(){for(;;){}}});
  return 1
}

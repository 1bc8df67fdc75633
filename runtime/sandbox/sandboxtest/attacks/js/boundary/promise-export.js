// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return Promise.resolve(new Proxy({}, {get(){for(;;){}}}))
}

// class: recursion
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value 1

module.exports = api => {
  var p=Promise.resolve()
  for(let i=0;i<1e6;i++) p=Promise.resolve({then:p.then.bind(p)});
  return 1
}

// class: builtin
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  for(let i=0;i<1e7;i++)(5e-324).toString(36)
}

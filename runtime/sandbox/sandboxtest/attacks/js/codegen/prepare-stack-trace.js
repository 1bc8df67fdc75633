// class: codegen
// engine: js
// tiers: both
// expect: value "contained"
// note: vm2, CVE-2022-36067

module.exports = api => {
  let seen = 0
  Error.prepareStackTrace = (e, frames) => { seen++; return frames[0].getFunction().constructor('return 1') }
  Error.stackTraceLimit = Infinity
  const stack = new Error('x').stack
  return seen === 0 && typeof stack === 'string' ? 'contained' : 'escaped'
}

// class: builtin
// engine: js
// tiers: both
// expect: THROWN RangeError

module.exports = api => {
  return new DataView(new ArrayBuffer(8)).setFloat64(2 ** 53 - 1, 1)
}

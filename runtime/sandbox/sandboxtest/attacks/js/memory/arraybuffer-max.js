// class: memory
// engine: js
// tiers: both
// expect: THROWN RangeError

module.exports = api => {
  return new ArrayBuffer(2**53-1).byteLength
}

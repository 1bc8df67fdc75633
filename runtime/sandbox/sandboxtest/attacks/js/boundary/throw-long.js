// class: boundary
// engine: js
// tiers: both
// expect: THROWN Error
// wall: 1s

module.exports = api => {
  throw new Error('x'.repeat(4 << 20))
}

// class: boundary
// engine: js
// tiers: both
// expect: THROWN Error

module.exports = api => {
  throw Symbol('x')
}

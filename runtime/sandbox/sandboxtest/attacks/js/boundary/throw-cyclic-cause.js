// class: boundary
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  const e = new Error('x')
  e.cause = e
  throw e
}

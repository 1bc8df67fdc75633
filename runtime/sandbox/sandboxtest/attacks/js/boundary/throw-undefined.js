// class: boundary
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  throw undefined
}

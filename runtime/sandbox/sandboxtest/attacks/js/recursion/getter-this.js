// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return ({get x() { return this.x }}).x
}

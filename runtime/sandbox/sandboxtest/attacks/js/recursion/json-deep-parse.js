// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return JSON.parse('['.repeat(1e7))
}

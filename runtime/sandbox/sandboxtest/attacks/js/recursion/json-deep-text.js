// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return JSON.parse('['.repeat(5e6) + ']'.repeat(5e6)).length
}

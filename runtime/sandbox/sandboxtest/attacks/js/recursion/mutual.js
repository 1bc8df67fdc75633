// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const a = () => b() + 1, b = () => a() + 1; return a() })()
}

// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const o = {valueOf() { return o + 1 }}; return o + 1 })()
}

// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const p = new Proxy({}, {get: (t, k, r) => r[k]}); return p.x })()
}

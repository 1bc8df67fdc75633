// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { let e; for (let i = 0; i < 1e6; i++) e = new Error('x', {cause: e}); throw e })()
}

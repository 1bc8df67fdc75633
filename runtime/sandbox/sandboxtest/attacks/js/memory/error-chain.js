// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { let e = null; for (;;) e = new Error('x'.repeat(1e4), {cause: e}) })()
}

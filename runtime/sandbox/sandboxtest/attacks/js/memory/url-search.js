// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const p = new URLSearchParams(); for (;;) p.append('k', 'x'.repeat(1e4)) })()
}

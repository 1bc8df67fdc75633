// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const all = []; for (;;) all.push(new TextEncoder().encode('\u20ac'.repeat(1e6))) })()
}

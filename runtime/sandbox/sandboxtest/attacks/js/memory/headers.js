// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const h = new Headers(); for (let i = 0; ; i++) h.append('x-' + i, 'v'.repeat(1e4)) })()
}

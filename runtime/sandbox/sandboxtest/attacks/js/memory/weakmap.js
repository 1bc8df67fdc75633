// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const w = new WeakMap(), keep = []; for (;;) { const k = {}; keep.push(k); w.set(k, new Array(100).fill(0)) } })()
}

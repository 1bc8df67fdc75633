// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return (() => { const t = new Float64Array(2 ** 22); for (;;) t.fill(1).sort() })()
}

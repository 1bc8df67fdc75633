// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const all = []; for (;;) all.push((() => {}).bind(null, ...Array(1e4).fill(0))) })()
}

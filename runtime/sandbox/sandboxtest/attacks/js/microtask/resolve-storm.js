// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  for (;;) Promise.resolve().then(() => {})
}

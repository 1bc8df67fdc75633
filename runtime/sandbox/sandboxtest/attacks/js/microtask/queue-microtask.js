// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  const f = () => queueMicrotask(f)
  f()
  return new Promise(() => {})
}

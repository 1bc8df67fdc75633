// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  function f() { return Promise.resolve().then(f) }
  return f()
}

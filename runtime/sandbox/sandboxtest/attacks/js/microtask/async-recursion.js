// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | DEPTH_EXCEEDED

module.exports = api => {
  async function f() { await null; return Promise.all([f(), f()]) }
  return f()
}

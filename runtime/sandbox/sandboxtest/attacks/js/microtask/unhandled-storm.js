// class: microtask
// engine: js
// tiers: both
// expect: THROWN | TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  for (let i = 0; i < 1e5; i++) Promise.reject(new Error('x' + i))
  return new Promise(ok => setTimeout(ok, 100))
}

// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED
// note: a thenable that resolves to itself

module.exports = api => {
  const t = {then(r) { r(t) }}
  return Promise.resolve(t)
}

// class: timer
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | LIMIT | THROWN

module.exports = api => {
  const f = () => { setTimeout(f, 0); setTimeout(f, 0) }
  f()
  return new Promise(() => {})
}

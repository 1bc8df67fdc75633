// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  const all = []
  for (;;) all.push(new Promise(() => {}))
}

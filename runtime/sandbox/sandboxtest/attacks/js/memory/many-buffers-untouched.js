// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN
// note: memory that is asked for and never touched

module.exports = api => {
  const all = []
  for (;;) all.push(new ArrayBuffer(2 ** 28))
}

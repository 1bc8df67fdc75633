// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return ''.concat(...Array(1e6).fill('x'.repeat(1e4))).length
}

// class: memory
// engine: js
// tiers: both
// expect: MEMORY_EXCEEDED

module.exports = api => {
  return 'x'.repeat(2**40).length
}

// class: memory
// engine: js
// tiers: both
// expect: INTERNAL | MEMORY_EXCEEDED
// note: a Go panic of goja, told to nobody but the operator

module.exports = api => {
  return 'x'.repeat(2**53-1).length
}

// class: memory
// engine: js
// tiers: both
// expect: THROWN RangeError | MEMORY_EXCEEDED
// note: goja panics: a length that nothing has is the author's fault, not ours

module.exports = api => {
  return 'x'.repeat(2**53-1).length
}

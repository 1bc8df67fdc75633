// class: memory
// engine: js
// tiers: both
// expect: REFUSED | MEMORY_EXCEEDED
// note: the compiler folds constants

module.exports = api => {
  return (1n << (2n ** 36n)) > 0n
}

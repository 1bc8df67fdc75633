// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return BigInt('9'.repeat(2**24))>0n
}

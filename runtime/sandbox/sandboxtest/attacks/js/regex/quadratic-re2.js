// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return /(.*)*(.*)*(.*)*x/.test('a'.repeat(2**24))
}

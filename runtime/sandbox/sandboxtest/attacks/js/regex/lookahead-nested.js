// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return /^(?=(a+)+b)/.test('a'.repeat(60))
}

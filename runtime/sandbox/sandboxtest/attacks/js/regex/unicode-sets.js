// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return /^(?=(\p{L}+)+\d)/u.test('a'.repeat(60))
}

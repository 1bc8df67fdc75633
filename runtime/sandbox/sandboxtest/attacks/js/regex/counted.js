// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return /^(?=((a{0,50}){0,50}){0,50}b)/.test('a'.repeat(200))
}

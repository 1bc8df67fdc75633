// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value
// ci: yes

module.exports = api => {
  return /^(a+)+\1$/.test('a'.repeat(60) + 'b')
}

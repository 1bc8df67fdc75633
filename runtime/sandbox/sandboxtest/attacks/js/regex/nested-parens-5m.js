// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return new RegExp('('.repeat(5e6)+')'.repeat(5e6)).test('a')
}

// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return new RegExp('(?='.repeat(3e6)+')'.repeat(3e6)).test('a')
}

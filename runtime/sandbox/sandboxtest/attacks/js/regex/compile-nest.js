// class: regex
// engine: js
// tiers: both
// expect: THROWN SyntaxError | TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return new RegExp('(?:'.repeat(1e5) + 'a' + ')*'.repeat(1e5)).test('a')
}

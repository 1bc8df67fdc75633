// class: regex
// engine: js
// tiers: both
// expect: THROWN SyntaxError | TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return new RegExp('((a{1000}){1000}){1000}').test('a')
}

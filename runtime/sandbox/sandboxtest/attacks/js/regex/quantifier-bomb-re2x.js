// class: regex
// engine: js
// tiers: both
// expect: value false | TIMEOUT | MEMORY_EXCEEDED | THROWN SyntaxError

module.exports = api => {
  return new RegExp('(?=((a{1000}){1000}){1000})').test('a'.repeat(1e6))
}

// class: regex
// engine: js
// tiers: both
// expect: value false | TIMEOUT

module.exports = api => {
  return /(?<=^(a+)+)b/.test('a'.repeat(60)+'!')
}

// class: regex
// engine: js
// tiers: both
// expect: value false

module.exports = api => {
  return /(a+)+$/.test('a'.repeat(50)+'!')
}

// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return new RegExp(Array(300000).fill('a*b*c*').join('|')).test('a'.repeat(1e4))
}

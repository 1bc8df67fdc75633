// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return (() => { const r = /(a|aa)+$/y; r.lastIndex = 1; return r.test('a'.repeat(80) + '!') })()
}

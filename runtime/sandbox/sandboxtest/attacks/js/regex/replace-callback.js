// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return 'a'.repeat(60).replace(/^(?=(a|a)*b)/, () => '')
}

// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return '\u0390'.repeat(2 ** 24).toUpperCase().toLowerCase().length
}

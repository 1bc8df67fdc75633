// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return '\u0344'.repeat(2 ** 22).normalize('NFD').normalize('NFC').length
}

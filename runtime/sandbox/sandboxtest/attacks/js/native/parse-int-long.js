// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN | value

module.exports = api => {
  return parseInt('1'.repeat(2 ** 26), 7)
}

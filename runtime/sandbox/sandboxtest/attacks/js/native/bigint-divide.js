// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return ((1n << 50000000n) / ((1n << 25000000n) + 1n)).toString(16).length
}

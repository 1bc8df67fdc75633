// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN | value

module.exports = api => {
  return (3n ** 5000000n) % 7n === (3n ** 6000000n) % 7n
}

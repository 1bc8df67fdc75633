// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return String.raw({raw: {length: 2 ** 53 - 1}})
}

// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return escape('\u1234'.repeat(2 ** 24)).length
}

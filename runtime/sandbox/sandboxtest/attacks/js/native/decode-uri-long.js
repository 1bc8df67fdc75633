// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return decodeURIComponent('%41'.repeat(2 ** 24)).length
}

// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return Array(2e4).fill('\u00e9'.repeat(500)).sort((a, b) => a.localeCompare(b)).length
}

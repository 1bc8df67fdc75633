// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return Array.from({length: 3e5}, (_, i) => 'x'.repeat(500) + i).sort().length
}

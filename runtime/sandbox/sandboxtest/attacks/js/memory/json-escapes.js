// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return JSON.stringify(Array(2e7).fill('\u0001\u0001\u0001')).length
}

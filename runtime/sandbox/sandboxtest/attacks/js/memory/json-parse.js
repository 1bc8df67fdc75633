// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return JSON.parse('['+'{},'.repeat(2**23)+'{}]').length
}

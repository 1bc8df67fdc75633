// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return Array.prototype.every.call('x'.repeat(2**26), Object)
}

// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return Array.prototype.with.call({length: 2 ** 32 - 1}, 0, 1)
}

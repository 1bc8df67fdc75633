// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return Array.prototype.splice.call({length: 2 ** 53 - 1}, 0, 1)
}

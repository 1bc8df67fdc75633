// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return Array.prototype.unshift.call({length: 2 ** 53 - 2}, 1)
}

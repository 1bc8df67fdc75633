// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED
// ci: yes

module.exports = api => {
  return Array.prototype.indexOf.call({length:2**53-1}, 1)
}

// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return atob(btoa('x'.repeat(2 ** 24))).length
}

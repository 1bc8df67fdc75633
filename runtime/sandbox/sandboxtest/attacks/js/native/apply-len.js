// class: native
// engine: js
// tiers: both
// expect: MEMORY_EXCEEDED | TIMEOUT

module.exports = api => {
  return Math.max.apply(null,{length:2**31-1})
}

// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return 'a'.repeat(2**15).replace(/a/g,"$`").length
}

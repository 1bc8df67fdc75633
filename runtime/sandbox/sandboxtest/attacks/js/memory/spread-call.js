// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var a=Array(5e7).fill(1);
  return Math.max(...a)
}

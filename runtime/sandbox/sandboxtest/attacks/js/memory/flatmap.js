// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return [...Array(1e4)].flatMap(() => Array(1e5).fill(1)).length
}

// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return Uint8Array.from({length: 2 ** 31 - 1}).length
}

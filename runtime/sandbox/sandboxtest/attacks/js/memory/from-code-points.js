// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return String.fromCodePoint(...Array(3e7).fill(0x10ffff)).length
}

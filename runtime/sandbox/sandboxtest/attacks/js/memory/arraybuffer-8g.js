// class: memory
// engine: js
// tiers: both
// expect: MEMORY_EXCEEDED
// ci: yes

module.exports = api => {
  return new ArrayBuffer(2**33).byteLength
}

// class: memory
// engine: js
// tiers: process
// expect: TIMEOUT | MEMORY_EXCEEDED

const all = []
for (;;) all.push(new Uint8Array(1 << 20).fill(1))
module.exports = () => 1

// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED
// ci: yes
// wall: 2s

module.exports = api => {
  var a=[]
  for(;;) a.push(new Uint8Array(2**20).fill(1))
}

// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var s='a'.repeat(2**22)+'b'
  for(let i=0;i<40;i++) s.lastIndexOf('a'.repeat(2**20)+'c')
}

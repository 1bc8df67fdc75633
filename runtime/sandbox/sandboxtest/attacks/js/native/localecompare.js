// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var s='\u00e9'.repeat(2**22)
  for(let i=0;i<50;i++) s.normalize('NFKD').localeCompare(s)
}

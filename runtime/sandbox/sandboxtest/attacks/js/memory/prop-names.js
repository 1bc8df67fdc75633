// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var o={}
  for(let i=0;;i++) o['k'+i]=i
}

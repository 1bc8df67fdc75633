// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var m=new Map()
  for(let i=0;;i++) m.set(i,i)
}

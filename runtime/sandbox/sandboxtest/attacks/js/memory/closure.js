// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var a=[]
  for(;;){let x=new Array(1000).fill(0)
  a.push(()=>x)}
}

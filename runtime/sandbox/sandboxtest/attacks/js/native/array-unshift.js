// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var a=new Array(3e5).fill(0)
  for(let i=0;i<3e5;i++) a.unshift(1)
}

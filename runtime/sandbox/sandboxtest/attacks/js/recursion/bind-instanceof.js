// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var f=function(){}
  for(let i=0;i<5e6;i++) f=f.bind();
  return ({}) instanceof f
}

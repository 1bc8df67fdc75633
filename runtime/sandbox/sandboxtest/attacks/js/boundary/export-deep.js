// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  var a=[]
  for(let i=0;i<3e6;i++) a=[a];
  return a
}

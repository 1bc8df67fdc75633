// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var a=[]
  a.push(a);
  return a.flat(Infinity)
}

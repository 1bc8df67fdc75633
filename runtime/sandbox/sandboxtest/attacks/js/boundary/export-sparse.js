// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | LIMIT output

module.exports = api => {
  var a=[]
  a.length=2**32-1;
  return a
}

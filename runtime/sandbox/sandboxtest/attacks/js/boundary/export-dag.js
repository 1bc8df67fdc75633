// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | LIMIT output

module.exports = api => {
  var o=[1]
  for(let i=0;i<40;i++) o=[o,o];
  return o
}

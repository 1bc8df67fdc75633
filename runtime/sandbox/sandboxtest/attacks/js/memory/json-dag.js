// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var o=[1]
  for(let i=0;i<40;i++) o=[o,o];
  return JSON.stringify(o).length
}

// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var o={}
  for(let i=0;i<5000;i++) o={o};
  return JSON.stringify(o,null,10).length
}

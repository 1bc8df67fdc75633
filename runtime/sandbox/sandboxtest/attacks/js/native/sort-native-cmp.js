// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var a=[];for(let i=0;i<3e6;i++)a.push(i*7919%1000003);
  return a.sort(Math.atan2)
}

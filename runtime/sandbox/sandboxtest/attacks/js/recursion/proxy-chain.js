// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var p={}
  for(let i=0;i<3e6;i++) p=new Proxy(p,{});
  return p.x
}

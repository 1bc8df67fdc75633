// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  const h={}
  const p=new Proxy({},h)
  h.get=Reflect.get.bind(null,p);
  return p.x
}

// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  const o=[];o[0]=Reflect.apply
  const f=Reflect.apply.bind(null,Reflect.apply,null,o)
  o[1]=null;o[2]=o;
  return Reflect.apply(Reflect.apply,null,o)
}

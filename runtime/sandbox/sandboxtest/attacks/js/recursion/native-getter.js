// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED
// ci: yes

module.exports = api => {
  const o={};Object.defineProperty(o,'x',{get:Reflect.get.bind(null,o,'x')});
  return o.x
}

// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { function F() { return Reflect.construct(F, []) } return new F() })()
}

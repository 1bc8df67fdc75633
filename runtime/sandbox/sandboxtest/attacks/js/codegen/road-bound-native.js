// class: codegen
// engine: js
// tiers: both
// expect: value "EvalError"

module.exports = api => {
  try { return String(Reflect.apply(Function.prototype.bind, Function, [null, 'return 1'])()) } catch (e) { return e.name }
}

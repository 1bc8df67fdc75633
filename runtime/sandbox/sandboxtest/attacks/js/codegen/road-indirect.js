// class: codegen
// engine: js
// tiers: both
// expect: value "EvalError"

module.exports = api => {
  try { return String((0, eval)('1')) } catch (e) { return e.name }
}

// class: codegen
// engine: js
// tiers: both
// expect: value "EvalError"

module.exports = api => {
  try { return String((function* () {}).constructor('yield 1')) } catch (e) { return e.name }
}

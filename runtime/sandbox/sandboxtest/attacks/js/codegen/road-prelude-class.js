// class: codegen
// engine: js
// tiers: both
// expect: value "EvalError"

module.exports = api => {
  try { return String(Object.getPrototypeOf(URL.prototype.toString).constructor('return this')()) } catch (e) { return e.name }
}

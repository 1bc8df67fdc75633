// class: codegen
// engine: js
// tiers: both
// expect: value "EvalError"

module.exports = api => {
  try { return String(Object.setPrototypeOf(() => {}, (async () => {}).constructor.prototype).constructor('return 1')) } catch (e) { return e.name }
}

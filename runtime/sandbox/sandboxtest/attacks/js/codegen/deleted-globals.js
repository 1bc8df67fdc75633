// class: codegen
// engine: js
// tiers: both
// expect: value "EvalError"

module.exports = api => {
  const f = () => {}
  delete globalThis.Function
  delete globalThis.eval
  try { return f.constructor('return 1')() } catch (e) { return e.name }
}

// class: codegen
// engine: js
// tiers: both
// expect: value "EvalError"

module.exports = api => {
  try { return String([][Symbol.iterator]().next.constructor('return globalThis')()) } catch (e) { return e.name }
}

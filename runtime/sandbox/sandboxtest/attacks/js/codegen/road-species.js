// class: codegen
// engine: js
// tiers: both
// expect: value "EvalError"

module.exports = api => {
  try { return String((class extends Function { constructor() { super('return 1') } }) && new (class extends Function { constructor() { super('return 1') } })()) } catch (e) { return e.name }
}

// class: codegen
// engine: js
// tiers: both
// expect: THROWN EvalError | MEMORY_EXCEEDED
// wall: 1s

module.exports = api => {
  return eval('['.repeat(1e5)+']'.repeat(1e5)).length
}

// class: codegen
// engine: js
// tiers: both
// expect: THROWN EvalError | MEMORY_EXCEEDED
// wall: 1s

module.exports = api => {
  return eval('('.repeat(5e6)+'1'+')'.repeat(5e6))
}

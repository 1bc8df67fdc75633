// class: codegen
// engine: js
// tiers: both
// expect: THROWN EvalError | MEMORY_EXCEEDED
// wall: 1s

module.exports = api => {
  return eval('a=>'.repeat(3e6)+'1')
}

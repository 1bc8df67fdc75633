// class: escape
// engine: js
// tiers: both
// expect: THROWN EvalError

module.exports = api => {
  return new Function('return 1\n//# sourceMappingURL=file:///nonexistent/fifo')()
}

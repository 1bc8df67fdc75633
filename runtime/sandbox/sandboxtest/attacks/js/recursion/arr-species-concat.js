// class: recursion
// engine: js
// tiers: both
// expect: THROWN TypeError | DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  const a = []
  a.constructor = {[Symbol.species]: Array.prototype.concat.bind(a)}
  return a.concat()
}

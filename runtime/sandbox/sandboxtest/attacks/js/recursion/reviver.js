// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return JSON.parse('{"a":1}', function f(k, v) { return JSON.parse('{"a":1}', f) })
}

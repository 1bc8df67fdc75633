// class: builtin
// engine: js
// tiers: both
// expect: THROWN TypeError | TIMEOUT | MEMORY_EXCEEDED | value
// wall: 2s

module.exports = api => {
  return new URL('http://' + 'a.'.repeat(5e6) + 'b/').host.length
}

// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN | value

module.exports = api => {
  return (() => { let s = ''; for (let i = 0; i < 3e6; i++) s = 'a' + s; return s.length })()
}

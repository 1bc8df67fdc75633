// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN | value

module.exports = api => {
  return (() => { let o = {}; for (let i = 0; i < 1e6; i++) o = {o}; console.log(o) })()
}

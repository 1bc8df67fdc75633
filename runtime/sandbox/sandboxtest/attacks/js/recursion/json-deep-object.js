// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN | value

module.exports = api => {
  return (() => { let o = {}; for (let i = 0; i < 2e6; i++) o = {o}; return JSON.stringify(o).length })()
}

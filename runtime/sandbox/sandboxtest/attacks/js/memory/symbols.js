// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const all = []; for (let i = 0; ; i++) all.push(Symbol.for('s' + i)) })()
}

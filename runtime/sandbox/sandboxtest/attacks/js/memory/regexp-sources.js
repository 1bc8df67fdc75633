// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const all = []; for (let i = 0; ; i++) all.push(new RegExp('a'.repeat(1e4) + i)) })()
}

// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return (() => { const all = []; for (let i = 0; ; i++) { const a = []; a[2 ** 31] = i; all.push(a) } })()
}

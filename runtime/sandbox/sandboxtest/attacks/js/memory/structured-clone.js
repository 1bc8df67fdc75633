// class: memory
// engine: js
// tiers: both
// expect: value 1
// wall: 1s
// note: what is shared stays shared in a clone

module.exports = api => {
  return (() => { let o = [1]; for (let i = 0; i < 40; i++) o = structuredClone([o, o]); return 1 })()
}

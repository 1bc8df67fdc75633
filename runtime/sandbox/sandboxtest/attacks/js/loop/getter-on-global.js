// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  Object.defineProperty(globalThis, 'trap', {get() { for (;;); }})
  return trap
}

// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  Object.defineProperty([].sort, 'name', {get() { for (;;); }})
  return [2, 1].sort(() => { for (;;); })
}

// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  const f = () => { for (;;); }
  Object.defineProperty(f, 'name', {get() { for (;;); }})
  return f()
}

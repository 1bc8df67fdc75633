// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  const {a} = {get a() { for (;;); }}
  return a
}

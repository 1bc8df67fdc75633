// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  const r = /a/g
  r.lastIndex = {valueOf() { for (;;); }}
  return r.test('a')
}

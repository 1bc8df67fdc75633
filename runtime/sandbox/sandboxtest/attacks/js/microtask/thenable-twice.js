// class: microtask
// engine: js
// tiers: both
// expect: value 1

module.exports = api => {
  return {then(ok, no) { ok(1); ok(2); no(3) }}
}

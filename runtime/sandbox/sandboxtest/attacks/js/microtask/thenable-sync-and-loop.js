// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return {then(ok) { ok(1); for (;;); }}
}

// class: microtask
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  return {then(ok, no) { no(new Error('late')); throw new Error('later') }}
}

// class: escape
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  if (typeof WeakRef === 'undefined' || typeof FinalizationRegistry === 'undefined') return 'contained'
  new FinalizationRegistry(() => { globalThis.x = 1 }).register({}, 1)
  return 'contained'
}

// class: builtin
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  if (typeof Intl !== 'undefined') { new Intl.DateTimeFormat('x-'.repeat(1e5)) }
  return 'contained'
}

// class: builtin
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  const d = new Date()
  d.setFullYear(1e308)
  d.setMilliseconds(-1e308)
  return isNaN(d) ? 'contained' : 'escaped'
}

// class: builtin
// engine: js
// tiers: both
// expect: THROWN RangeError

module.exports = api => {
  return (1).toFixed(1e9)
}

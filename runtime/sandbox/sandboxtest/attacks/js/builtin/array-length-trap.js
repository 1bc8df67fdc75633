// class: builtin
// engine: js
// tiers: both
// expect: THROWN RangeError

module.exports = api => {
  const a = []
  a.length = -1
}

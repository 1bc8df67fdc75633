// class: builtin
// engine: js
// tiers: both
// expect: THROWN RangeError

module.exports = api => {
  return (1).toLocaleString('../../etc/passwd\u0000')
}

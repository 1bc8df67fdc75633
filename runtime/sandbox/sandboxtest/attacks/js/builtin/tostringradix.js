// class: builtin
// engine: js
// tiers: both
// expect: value 1040

module.exports = api => {
  return (1.7e308).toString(2).length+(2**52).toLocaleString().length
}

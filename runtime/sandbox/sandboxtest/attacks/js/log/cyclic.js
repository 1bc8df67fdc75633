// class: log
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  const o = {}
  o.o = o
  console.log(o, [o])
  return 'contained'
}

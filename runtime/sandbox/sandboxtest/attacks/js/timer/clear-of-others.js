// class: timer
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  for (let i = -10; i < 1e4; i++) { clearTimeout(i); clearInterval(String(i)) }
  return 'contained'
}

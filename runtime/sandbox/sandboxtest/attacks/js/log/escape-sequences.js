// class: log
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  console.log('\u001b[2J\u001b]0;pwned\u0007\r\nlevel=error forged=1\u202e')
  return 'contained'
}

// class: log
// engine: js
// tiers: both
// expect: value "contained" | MEMORY_EXCEEDED
// wall: 1s

module.exports = api => {
  console.log('x'.repeat(4 << 20))
  return 'contained'
}

// class: log
// engine: js
// tiers: both
// expect: value "contained" | LIMIT | TIMEOUT
// wall: 2s
// ci: yes
// note: lines over the limit are counted and dropped

module.exports = api => {
  for (let i = 0; i < 5e3; i++) console.log('x'.repeat(1000) + i)
  return 'contained'
}

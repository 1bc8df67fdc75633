// class: egress
// engine: js
// tiers: both
// expect: value "contained"
// wall: 2s
// note: the address is made text once

module.exports = async api => {
  let n = 0
  const url = {toString() { return n++ ? 'https://evil.test/' : 'https://api.example.com/' }}
  try { await api.http.fetch(url); return 'escaped' } catch (e) { return n === 1 && !/evil/.test(e.message) ? 'contained' : 'read ' + n + ' times, ' + e.code }
}

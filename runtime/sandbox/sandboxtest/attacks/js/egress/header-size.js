// class: egress
// engine: js
// tiers: both
// expect: value "invalid" | value "exhausted"
// wall: 1s

module.exports = async api => {
  try { await api.http.fetch('https://api.example.com/', {headers: {'x-a': 'v'.repeat(200000)}}); return 'escaped' } catch (e) { return e.code }
}

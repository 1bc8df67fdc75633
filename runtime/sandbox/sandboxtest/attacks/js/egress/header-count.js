// class: egress
// engine: js
// tiers: both
// expect: value "invalid" | value "exhausted"
// wall: 1s

module.exports = async api => {
  try { await api.http.fetch('https://api.example.com/', {headers: Array.from({length: 5000}, (_, i) => ['x-' + i, 'v'])}); return 'escaped' } catch (e) { return e.code }
}

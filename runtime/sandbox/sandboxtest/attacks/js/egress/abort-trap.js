// class: egress
// engine: js
// tiers: both
// expect: TIMEOUT | THROWN | value
// wall: 1s

module.exports = async api => {
  return await api.http.fetch('https://api.example.com/', {signal: {get aborted() { for (;;); }}}).catch(e => e.code || e.name)
}

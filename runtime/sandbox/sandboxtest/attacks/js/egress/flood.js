// class: egress
// engine: js
// tiers: both
// expect: value "exhausted" | value "denied" | LIMIT
// grants: http:fetch
// wall: 3s

module.exports = async api => {
  let last
  for (let i = 0; i < 80; i++) { try { await api.http.fetch('http://127.0.0.1/') } catch (e) { last = e.code } }
  return last
}

// class: bridge
// engine: js
// tiers: both
// expect: value "denied"
// wall: 2s
// note: bytes are copied when the call is made

module.exports = async api => {
  const body = new Uint8Array([1, 2, 3])
  const done = api.http.fetch('https://api.example.com/', {method: 'POST', body})
  body.fill(0)
  try { await done; return 'escaped' } catch (e) { return e.code }
}

// class: egress
// engine: js
// tiers: both
// expect: value "invalid" | value "unavailable" | THROWN | value "denied"
// wall: 2s

module.exports = async api => {
  let n = 0
  const options = new Proxy({}, {get: (t, k) => k === 'method' ? (n++ ? 'CONNECT' : 'GET') : undefined, ownKeys: () => ['method'], getOwnPropertyDescriptor: () => ({enumerable: true, configurable: true})})
  try { await api.http.fetch('https://api.example.com/', options); return 'escaped' } catch (e) { return e.code }
}

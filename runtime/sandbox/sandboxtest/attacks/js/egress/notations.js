// class: egress
// engine: js
// tiers: both
// expect: value "denied" | value "denied,invalid" | value "invalid"
// grants: http:fetch
// wall: 2s

module.exports = async api => {
  const codes = new Set()
  for (const u of ['http://①②⑦.⓪.⓪.①/', 'http://127。0。0。1/', 'http://[::1%25lo]/', 'http://127.0.0.1./', 'http://0/', 'http://127.0.0.1:80@evil/', 'http:127.0.0.1', 'http://127.0.0.1\\\\@api.example.com/']) {
    try { await api.http.fetch(u); return 'escaped by ' + u } catch (e) { codes.add(e.code) }
  }
  return [...codes].sort().join()
}

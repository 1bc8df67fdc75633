// class: egress
// engine: js
// tiers: both
// expect: value "denied" | value "invalid" | value "denied,invalid"

module.exports = async api => {
  const codes = new Set()
  for (const u of ['https://api.example.com:22/', 'http://api.example.com:6379/', 'https://api.example.com:99999/', 'https://api.example.com:0/', 'https://api.example.com:-1/']) {
    try { await api.http.fetch(u); return 'escaped by ' + u } catch (e) { codes.add(e.code) }
  }
  return [...codes].sort().join()
}

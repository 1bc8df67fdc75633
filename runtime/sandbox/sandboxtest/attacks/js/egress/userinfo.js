// class: egress
// engine: js
// tiers: both
// expect: value "denied" | value "denied,invalid" | value "invalid"

module.exports = async api => {
  const codes = new Set()
  for (const u of ['https://user:pass@api.example.com/', 'https://api.example.com:pass@evil.test/', 'https://@evil.test/']) {
    try { await api.http.fetch(u); return 'escaped by ' + u } catch (e) { codes.add(e.code) }
  }
  return [...codes].sort().join()
}

// class: egress
// engine: js
// tiers: both
// expect: value "denied" | value "denied,invalid"
// ci: yes
// note: one letter of one of them is Cyrillic

module.exports = async api => {
  const codes = new Set()
  for (const u of ['https://notapi.example.com/', 'https://api.example.com.evil.test/', 'https://example.com/', 'https://x.api.example.com/', 'https://api-example.com/', 'https://аpi.example.com/', 'https://api.example.com@evil.test/', 'https://evil.test/?https://api.example.com/', 'https://evil.test#api.example.com']) {
    try { await api.http.fetch(u); return 'escaped by ' + u } catch (e) { codes.add(e.code) }
  }
  return [...codes].sort().join()
}

// class: egress
// engine: js
// tiers: both
// expect: value "invalid" | value "denied,invalid"

module.exports = async api => {
  const codes = new Set()
  for (const u of ['https://api.example.com\\r\\nHost: evil/', 'https://api.example.com/\\x00', 'https://api.exam ple.com/', 'https://api.example.com%00.evil.test/']) {
    try { await api.http.fetch(u); return 'escaped by ' + u } catch (e) { codes.add(e.code) }
  }
  return [...codes].sort().join()
}

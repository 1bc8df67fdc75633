// class: egress
// engine: js
// tiers: both
// expect: value "invalid" | value "TypeError" | value "TypeError,invalid"
// ci: yes

module.exports = async api => {
  const codes = new Set()
  for (const headers of [{'x-a': 'b\r\nHost: evil'}, {'x-a\r\nx': 'b'}, [['x a', 'b']], {'': 'b'}, {'x-a': '\u0000'}]) {
    try { await api.http.fetch('https://api.example.com/', {headers}); return 'escaped' } catch (e) { codes.add(e.code || e.name) }
  }
  return [...codes].sort().join()
}

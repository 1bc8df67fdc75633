// class: egress
// engine: js
// tiers: both
// expect: value "invalid,denied"
// wall: 3s
// note: the empty method is GET, which gets as far as the name

module.exports = async api => {
  const codes = new Set()
  for (const method of ['CONNECT', 'TRACE', 'GET / HTTP/1.1\\r\\nX: y', 'PRI', '', ' GET', 'G\\u0415T']) {
    try { await api.http.fetch('https://api.example.com/', {method}); if (method) return 'escaped by ' + method } catch (e) { if (e.code !== 'unavailable') codes.add(e.code || e.name) }
  }
  return [...codes].join()
}

// class: egress
// engine: js
// tiers: both
// expect: value "invalid" | value "denied,invalid"
// ci: yes

module.exports = async api => {
  const codes = new Set()
  for (const u of ['file:///etc/passwd', 'ftp://api.example.com/', 'gopher://api.example.com/', 'data:text/plain,x', 'unix:///var/run/docker.sock', 'javascript:1', 'ws://api.example.com/', '//api.example.com/', '/etc/passwd', '', 'about:blank', 'blob:x']) {
    try { await api.http.fetch(u); return 'escaped by ' + u } catch (e) { codes.add(e.code) }
  }
  return [...codes].sort().join()
}

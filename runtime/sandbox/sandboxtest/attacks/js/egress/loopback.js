// class: egress
// engine: js
// tiers: both
// expect: value "denied" | value "denied,invalid"
// grants: http:fetch
// wall: 2s
// ci: yes
// note: with the permission for every host

module.exports = async api => {
  const codes = new Set()
  for (const u of ['http://127.0.0.1/', 'http://[::1]/', 'http://0.0.0.0/', 'http://[::]/', 'http://127.1/', 'http://2130706433/', 'http://0x7f000001/', 'http://0177.0.0.1/', 'http://[::ffff:127.0.0.1]/', 'http://[::127.0.0.1]/']) {
    try { await api.http.fetch(u); return 'escaped by ' + u } catch (e) { codes.add(e.code) }
  }
  return [...codes].sort().join()
}

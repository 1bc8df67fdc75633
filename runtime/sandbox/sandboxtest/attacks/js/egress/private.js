// class: egress
// engine: js
// tiers: both
// expect: value "denied" | value "denied,invalid"
// grants: http:fetch
// wall: 2s

module.exports = async api => {
  const codes = new Set()
  for (const u of ['http://10.0.0.1/', 'http://172.16.0.1/', 'http://192.168.0.1/', 'http://100.64.0.1/', 'http://198.18.0.1/', 'http://240.0.0.1/', 'http://224.0.0.1/', 'http://255.255.255.255/', 'http://[fe80::1]/', 'http://[fc00::1]/', 'http://[ff02::1]/']) {
    try { await api.http.fetch(u); return 'escaped by ' + u } catch (e) { codes.add(e.code) }
  }
  return [...codes].sort().join()
}

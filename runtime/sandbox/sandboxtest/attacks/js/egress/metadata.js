// class: egress
// engine: js
// tiers: both
// expect: value "denied" | value "denied,invalid"
// grants: http:fetch
// wall: 2s

module.exports = async api => {
  const codes = new Set()
  for (const u of ['http://169.254.169.254/latest/meta-data/', 'http://[fd00:ec2::254]/', 'http://192.0.0.192/', 'http://169.254.170.2/', 'http://100.100.100.200/', 'http://[::ffff:a9fe:a9fe]/', 'http://[64:ff9b::a9fe:a9fe]/', 'http://[2002:a9fe:a9fe::]/']) {
    try { await api.http.fetch(u); return 'escaped by ' + u } catch (e) { codes.add(e.code) }
  }
  return [...codes].sort().join()
}

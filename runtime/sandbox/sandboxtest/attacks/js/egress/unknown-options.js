// class: egress
// engine: js
// tiers: both
// expect: value "denied"
// wall: 2s
// note: options that do not exist are not looked at; the name does not exist

module.exports = async api => {
  try { await api.http.fetch('https://api.example.com/', {proxy: 'http://127.0.0.1', agent: {}, lookup() {}, socketPath: '/var/run/docker.sock', host: '127.0.0.1'}); return 'escaped' } catch (e) { return e.code }
}

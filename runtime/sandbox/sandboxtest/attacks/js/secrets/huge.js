// class: secrets
// engine: js
// tiers: both
// expect: value "exhausted"

module.exports = async api => {
  try { await api.secrets.set('a', 'x'.repeat(20000)); return 'escaped' } catch (e) { return e.code }
}

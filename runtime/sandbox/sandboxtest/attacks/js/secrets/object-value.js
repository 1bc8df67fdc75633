// class: secrets
// engine: js
// tiers: both
// expect: value "invalid"

module.exports = async api => {
  try { await api.secrets.set('a', {toString: () => 'x'}); return 'escaped' } catch (e) { return e.code }
}

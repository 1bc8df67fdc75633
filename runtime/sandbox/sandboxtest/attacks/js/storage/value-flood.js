// class: storage
// engine: js
// tiers: both
// expect: value "exhausted"

module.exports = async api => {
  try { await api.storage.set('k', 'x'.repeat(200 << 10)); return 'escaped' } catch (e) { return e.code }
}

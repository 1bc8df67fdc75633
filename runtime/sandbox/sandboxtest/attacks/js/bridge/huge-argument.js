// class: bridge
// engine: js
// tiers: both
// expect: value "exhausted"
// wall: 2s
// memory: 128MiB

module.exports = async api => {
  try { await api.storage.set('k', 'x'.repeat(9 << 20)); return 'escaped' } catch (e) { return e.code }
}

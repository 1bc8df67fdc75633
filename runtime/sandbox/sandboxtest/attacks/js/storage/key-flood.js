// class: storage
// engine: js
// tiers: both
// expect: value "exhausted"
// wall: 3s

module.exports = async api => {
  for (let i = 0; i < 1100; i++) { try { await api.storage.set('k' + i, 1) } catch (e) { return e.code } }
  return 'escaped'
}

// class: storage
// engine: js
// tiers: both
// expect: value "contained"
// grants: none
// wall: 2s

module.exports = async api => {
  for (let i = 0; i < 500; i++) { try { await api.storage.get('k'); return 'escaped' } catch (e) { if (e.code !== 'denied') return e.code } }
  return 'contained'
}

// class: bridge
// engine: js
// tiers: both
// expect: value "contained" | TIMEOUT

module.exports = async api => {
  return await api.storage.get('absent', ...Array(1e5).fill(1)) === undefined ? 'contained' : 'escaped'
}

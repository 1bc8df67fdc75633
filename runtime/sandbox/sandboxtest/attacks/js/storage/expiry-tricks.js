// class: storage
// engine: js
// tiers: both
// expect: value "contained"

module.exports = async api => {
  for (const expiresIn of [-1, 0, NaN, Infinity, 2 ** 53, '1', 1e308]) { try { await api.storage.set('e', 1, {expiresIn}) } catch (e) { if (e.code !== 'invalid') return e.code + expiresIn } }
  return 'contained'
}

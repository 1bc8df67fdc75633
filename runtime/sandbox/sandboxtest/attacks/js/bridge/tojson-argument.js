// class: bridge
// engine: js
// tiers: both
// expect: value "contained"

module.exports = async api => {
  await api.storage.set('t', {toJSON() { return 'own' }})
  return await api.storage.get('t') === 'own' ? 'contained' : 'escaped'
}

// class: storage
// engine: js
// tiers: both
// expect: value [null,0]

module.exports = async api => {
  await api.storage.set('n', [NaN, -0])
  return await api.storage.get('n')
}

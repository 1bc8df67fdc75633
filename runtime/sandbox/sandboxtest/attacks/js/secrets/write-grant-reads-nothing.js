// class: secrets
// engine: js
// tiers: both
// expect: DENIED
// grants: secrets:write

module.exports = async api => {
  await api.secrets.set('a', 'b')
  return await api.secrets.get('a')
}

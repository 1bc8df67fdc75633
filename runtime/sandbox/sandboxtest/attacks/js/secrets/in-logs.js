// class: secrets
// engine: js
// tiers: both
// expect: value "contained"

module.exports = async api => {
  await api.secrets.set('a', 'value-of-a-secret')
  const v = await api.secrets.get('a')
  api.log.info(v, {v})
  console.log(v + v)
  return 'contained'
}

// class: bridge
// engine: js
// tiers: both
// expect: value "contained"
// ci: yes

module.exports = async api => {
  const value = {v: 'before'}
  const done = api.storage.set('k2', value)
  value.v = 'after'
  await done
  return (await api.storage.get('k2')).v === 'before' ? 'contained' : 'escaped'
}

// class: bridge
// engine: js
// tiers: both
// expect: value "contained"
// note: arguments are read once

module.exports = async api => {
  let n = 0
  await api.storage.set('good', {get host() { return n++ ? 'evil' : 'good' }})
  return (await api.storage.get('good')).host === 'good' && n === 1 ? 'contained' : 'escaped'
}

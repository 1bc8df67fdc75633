// class: pollution
// engine: js
// tiers: both
// expect: value "contained"

module.exports = async api => {
  const then = Promise.prototype.then
  let seen = 0
  Promise.prototype.then = function (...a) { seen++; return then.apply(this, a) }
  await api.storage.get('absent')
  return 'contained'
}

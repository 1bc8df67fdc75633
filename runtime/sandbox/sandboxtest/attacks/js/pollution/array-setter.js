// class: pollution
// engine: js
// tiers: both
// expect: value "contained"
// note: what the host makes is not shaped by setters of the author

module.exports = api => {
  let taken = 0
  Object.defineProperty(Array.prototype, '0', {set(v) { taken++ }, get() { return 'evil' }, configurable: true})
  const q = api.request.queryAll.q
  return q[0] === '1' || q[0] === 'evil' ? 'contained' : 'escaped'
}

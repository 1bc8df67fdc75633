// class: pollution
// engine: js
// tiers: both
// expect: value "contained"

module.exports = async api => {
  await api.storage.set('p', JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'))
  const back = await api.storage.get('p')
  return ({}).admin === undefined && Object.getPrototypeOf(back) === Object.prototype && Object.hasOwn(back, '__proto__') ? 'contained' : 'escaped'
}

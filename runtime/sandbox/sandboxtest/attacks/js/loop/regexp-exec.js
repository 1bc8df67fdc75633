// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED
// note: an exec of the author that never says null

module.exports = api => {
  const r = /a/g
  r.exec = () => ({index: 0, 0: ''})
  return 'a'.replace(r, '')
}

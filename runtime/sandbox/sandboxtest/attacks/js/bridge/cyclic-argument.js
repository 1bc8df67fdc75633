// class: bridge
// engine: js
// tiers: both
// expect: value "invalid" | value "TypeError"

module.exports = async api => {
  const o = {}
  o.o = o
  try { await api.storage.set('k', o); return 'escaped' } catch (e) { return e.code || e.name }
}

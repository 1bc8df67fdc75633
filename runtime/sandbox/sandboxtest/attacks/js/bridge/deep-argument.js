// class: bridge
// engine: js
// tiers: both
// expect: value "invalid" | value "exhausted" | THROWN | TIMEOUT | MEMORY_EXCEEDED
// wall: 2s

module.exports = async api => {
  let o = {}
  for (let i = 0; i < 1e5; i++) o = {o}
  try { await api.storage.set('k', o); return 'escaped' } catch (e) { return e.code }
}

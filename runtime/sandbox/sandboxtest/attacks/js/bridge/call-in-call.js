// class: bridge
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | LIMIT | THROWN
// note: a call whose arguments make the next call

module.exports = async api => {
  const f = () => api.storage.set('k', {toJSON() { f(); return 1 }})
  await f()
}

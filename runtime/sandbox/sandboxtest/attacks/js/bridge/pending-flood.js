// class: bridge
// engine: js
// tiers: both
// expect: LIMIT | THROWN | TIMEOUT | MEMORY_EXCEEDED
// calls: 1000
// wall: 2s

module.exports = async api => {
  const all = []
  for (let i = 0; i < 1e5; i++) all.push(api.storage.get('k' + i))
  return (await Promise.all(all)).length
}

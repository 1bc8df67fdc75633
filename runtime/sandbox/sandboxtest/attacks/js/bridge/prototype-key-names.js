// class: bridge
// engine: js
// tiers: both
// expect: value "invalid,invalid,invalid"

module.exports = async api => {
  const seen = []
  for (const k of ['__proto__ ', 'a\u0000b', '']) { try { await api.storage.get(k); seen.push('escaped') } catch (e) { seen.push(e.code) } }
  return seen.join()
}

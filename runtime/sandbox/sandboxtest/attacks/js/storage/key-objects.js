// class: storage
// engine: js
// tiers: both
// expect: value "invalid,invalid,invalid,invalid"

module.exports = async api => {
  const seen = []
  for (const k of [{toString: () => 'k'}, ['k'], 1, null]) { try { await api.storage.get(k); seen.push('escaped') } catch (e) { seen.push(e.code) } }
  return seen.join()
}

// class: storage
// engine: js
// tiers: both
// expect: value []

module.exports = async api => {
  const all = []
  for (const after of ['\u0000', '../../', '~~~~', 'data/org-2/', -1]) { try { all.push(...await api.storage.list('', {after, limit: 1e9})) } catch (e) {} }
  return all
}

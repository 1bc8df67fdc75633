// class: storage
// engine: js
// tiers: both
// expect: value []

module.exports = async api => {
  const all = []
  for (const p of ['', '/', '..', 'data/', 'org-2', '\u0000', '\uffff', '../']) { try { all.push(...await api.storage.list(p)) } catch (e) {} }
  return all
}

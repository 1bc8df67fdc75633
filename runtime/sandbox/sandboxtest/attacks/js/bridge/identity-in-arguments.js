// class: bridge
// engine: js
// tiers: both
// expect: value "undefined,invalid"
// ci: yes

module.exports = async api => {
  const first = await api.storage.get('k', {org: 'org-2'})
  let second
  try { await api.storage.set('k', 1, {org: 'org-2'}) } catch (e) { second = e.code }
  return `${first},${second}`
}

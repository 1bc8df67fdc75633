// class: storage
// engine: js
// tiers: both
// expect: value "contained"
// ci: yes
// note: no key leads to another organization's data

module.exports = async api => {
  const keys = ['../../org-2/acme.notes/k', '/data/org-2/acme.notes/k', 'org-2/acme.notes/k', 'data/org-2/acme.notes/k', '%2e%2e/k', '..\\k', 'k\u0000', '\ud800', '\u202ek', 'k'.repeat(257), '.', '..', '/', '//', 'k/../k', 'K\u0130']
  for (const k of keys) {
    let v
    try { v = await api.storage.get(k) } catch (e) { if (e.code !== 'invalid') return k + ' ' + e.code; continue }
    if (v !== undefined) return 'escaped by ' + k
  }
  return 'contained'
}

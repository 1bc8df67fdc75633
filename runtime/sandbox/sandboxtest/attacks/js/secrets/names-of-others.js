// class: secrets
// engine: js
// tiers: both
// expect: value "contained"

module.exports = async api => {
  for (const n of ['token', '../org-2/token', 'org-2/acme.notes/token', '../../org-2/acme.notes/token', 'token\u0000', '.', '..', '*', '%', 'acme.notes/token']) {
    let v
    try { v = await api.secrets.get(n) } catch (e) { if (e.code !== 'invalid') return e.code; continue }
    if (v !== undefined) return 'escaped by ' + n
  }
  return 'contained'
}

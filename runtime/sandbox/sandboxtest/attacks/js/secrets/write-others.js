// class: secrets
// engine: js
// tiers: both
// expect: value "contained"

module.exports = async api => {
  for (const n of ['../org-2/token', 'org-2/acme.notes/token', 'token']) { try { await api.secrets.set(n, 'pwned') } catch (e) {} try { await api.secrets.delete(n) } catch (e) {} }
  return 'contained'
}

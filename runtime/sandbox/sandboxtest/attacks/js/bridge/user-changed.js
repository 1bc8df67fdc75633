// class: bridge
// engine: js
// tiers: both
// expect: value "contained"
// note: the session has the identity, not the object

module.exports = async api => {
  try { api.user.orgId = 'org-2'; api.user.role = 'admin' } catch (e) {}
  return await api.storage.get('k') === undefined ? 'contained' : 'escaped'
}

// class: storage
// engine: js
// tiers: both
// expect: DENIED
// grants: none
// ci: yes

module.exports = async api => {
  return await api.storage.get('k')
}

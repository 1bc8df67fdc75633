// class: secrets
// engine: js
// tiers: both
// expect: DENIED
// grants: storage:database

module.exports = async api => {
  return await api.secrets.get('token')
}

// class: secrets
// engine: js
// tiers: both
// expect: value "contained"
// ci: yes

module.exports = async api => {
  return Object.keys(api.secrets).sort().join() === 'delete,get,set' && api.secrets.list === undefined ? 'contained' : Object.keys(api.secrets).join()
}

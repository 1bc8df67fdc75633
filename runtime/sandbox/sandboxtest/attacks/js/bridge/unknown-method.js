// class: bridge
// engine: js
// tiers: both
// expect: value "contained"
// ci: yes

module.exports = async api => {
  return api.admin === undefined && api.storage.purge === undefined && api.host === undefined && api.secrets.list === undefined ? 'contained' : 'escaped'
}

// class: bridge
// engine: js
// tiers: both
// expect: value "contained"
// note: identity is the session's, not of what this is

module.exports = async api => {
  return await api.storage.get.call({org: 'org-2', extension: 'evil'}, 'k') === undefined ? 'contained' : 'escaped'
}

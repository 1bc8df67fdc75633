// class: log
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  api.log.info('x', {org: 'org-2', extension: 'evil', level: 'error', __proto__: {a: 1}})
  return 'contained'
}

// class: escape
// engine: js
// tiers: both
// expect: THROWN ReferenceError

module.exports = api => {
  return require('fs').readFileSync('/etc/passwd', 'utf8')
}

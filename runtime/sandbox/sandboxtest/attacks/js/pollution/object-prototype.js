// class: pollution
// engine: js
// tiers: both
// expect: value "contained"
// ci: yes

module.exports = api => {
  Object.prototype.isAdmin = true
  Object.prototype.toJSON = () => ({pwned: 1})
  Object.prototype.status = 500
  return 'contained'
}

// class: pollution
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  Object.prototype[Symbol.toPrimitive] = () => 'admin'
  String.prototype.toString = () => 'admin'
  return api.user.role === 'member' ? 'contained' : 'escaped'
}

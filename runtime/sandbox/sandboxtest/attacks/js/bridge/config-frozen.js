// class: bridge
// engine: js
// tiers: both
// expect: value "contained"

module.exports = async api => {
  try { api.config.mode = 'unsafe'; api.config.list.push(3) } catch (e) {}
  return 'contained'
}

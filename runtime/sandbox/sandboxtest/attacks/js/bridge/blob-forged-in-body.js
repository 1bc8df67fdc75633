// class: bridge
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  return api.request.body.$blob === undefined ? 'contained' : 'escaped'
}

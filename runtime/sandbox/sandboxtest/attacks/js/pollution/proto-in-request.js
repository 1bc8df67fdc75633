// class: pollution
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  const o = Object.assign({}, api.request.body)
  return ({}).polluted === undefined && o.polluted === undefined ? 'contained' : 'escaped'
}

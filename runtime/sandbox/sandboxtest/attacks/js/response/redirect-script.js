// class: response
// engine: js
// tiers: both
// expect: THROWN | answer 302

module.exports = api => {
  return api.response.redirect('javascript:alert(1)')
}

// class: response
// engine: js
// tiers: both
// expect: THROWN | answer 302 location

module.exports = api => {
  return api.response.redirect('https://x.test/\r\nset-cookie: a=b')
}

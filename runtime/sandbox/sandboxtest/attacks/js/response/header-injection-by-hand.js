// class: response
// engine: js
// tiers: both
// expect: answer 200 | THROWN

module.exports = api => {
  return {type: 'annex.response', status: 200, headers: [['x-ok', 'a\r\nset-cookie: b=c'], ['x-a\r\nb', 'c']], body: ''}
}

// class: response
// engine: js
// tiers: both
// expect: THROWN | answer 200

module.exports = api => {
  return {type: 'annex.response', status: '200 OK\r\nset-cookie: a=b', headers: [], body: ''}
}

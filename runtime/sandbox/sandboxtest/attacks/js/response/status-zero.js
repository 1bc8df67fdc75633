// class: response
// engine: js
// tiers: both
// expect: answer 200
// note: no status is 200

module.exports = api => {
  return {type: 'annex.response', status: 0, headers: [], body: ''}
}

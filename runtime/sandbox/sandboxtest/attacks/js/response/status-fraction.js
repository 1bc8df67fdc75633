// class: response
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  return {type: 'annex.response', status: 200.5, headers: [], body: ''}
}

// class: response
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  return {type: 'annex.response', status: -1, headers: [], body: ''}
}

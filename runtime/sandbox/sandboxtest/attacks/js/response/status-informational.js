// class: response
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  return {type: 'annex.response', status: 101, headers: [], body: ''}
}

// class: response
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  return {type: 'annex.response', status: 99999, headers: [], body: ''}
}

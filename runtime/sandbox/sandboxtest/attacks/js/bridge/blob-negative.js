// class: bridge
// engine: js
// tiers: both
// expect: answer 200 content-type | THROWN

module.exports = api => {
  return {type: 'annex.response', status: 200, headers: [], body: {$blob: -1}}
}

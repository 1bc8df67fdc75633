// class: bridge
// engine: js
// tiers: both
// expect: answer 200 content-type | THROWN
// note: a hand-made response is refused, or data

module.exports = api => {
  return {type: 'annex.response', status: 200, headers: [], body: {$blob: 4294967295}}
}

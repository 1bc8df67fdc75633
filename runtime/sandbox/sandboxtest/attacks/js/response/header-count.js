// class: response
// engine: js
// tiers: both
// expect: answer 200 | THROWN | LIMIT | MEMORY_EXCEEDED
// wall: 2s

module.exports = api => {
  return {type: 'annex.response', status: 200, body: '', headers: Array.from({length: 1e5}, (_, i) => ['x-' + i, 'v'])}
}

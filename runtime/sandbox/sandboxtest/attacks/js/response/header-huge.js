// class: response
// engine: js
// tiers: both
// expect: answer 200 | THROWN | LIMIT
// wall: 1s

module.exports = api => {
  return new Response('x', {headers: {'x-a': 'v'.repeat(4 << 20)}})
}

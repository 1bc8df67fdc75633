// class: response
// engine: js
// tiers: both
// expect: answer 200 | THROWN | answer 200 content-type

module.exports = api => {
  const r = new Response('x')
  Object.defineProperty(r, 'body', {get() { throw 1 }})
  return r
}

// class: pollution
// engine: js
// tiers: both
// expect: answer 200

module.exports = api => {
  Object.defineProperty(Response.prototype, 'status', {get: () => 999})
  Object.defineProperty(Response.prototype, 'headers', {get: () => ({entries: () => [['set-cookie', 'a=b']]})})
  return new Response('x')
}

// class: response
// engine: js
// tiers: both
// expect: answer 200 x-ok | THROWN TypeError
// ci: yes

module.exports = api => {
  return new Response('x', {headers: {'x-ok': 'a\r\nset-cookie: b=c'}})
}

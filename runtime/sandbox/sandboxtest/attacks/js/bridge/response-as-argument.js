// class: bridge
// engine: js
// tiers: both
// expect: value "contained" | value "invalid"

module.exports = api => {
  return api.storage.set('r', new Response('x')).then(() => 'contained', e => e.code)
}

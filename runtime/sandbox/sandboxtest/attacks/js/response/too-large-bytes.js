// class: response
// engine: js
// tiers: both
// expect: LIMIT output
// wall: 2s
// memory: 128MiB

module.exports = api => {
  return new Response(new Uint8Array(7 << 20))
}

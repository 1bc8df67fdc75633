// class: builtin
// engine: js
// tiers: both
// expect: THROWN | value
// wall: 2s

module.exports = api => {
  return crypto.subtle.importKey('raw', new Uint8Array(1 << 24), {name: 'HMAC', hash: 'SHA-256'}, false, ['sign']).then(k => typeof k)
}

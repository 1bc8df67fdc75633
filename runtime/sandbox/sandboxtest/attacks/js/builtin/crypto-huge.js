// class: builtin
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  return crypto.getRandomValues(new Uint8Array(1 << 20))
}

// class: boundary
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  return new Proxy({}, {ownKeys(){throw 1}})
}

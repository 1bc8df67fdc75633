// class: boundary
// engine: js
// tiers: both
// expect: THROWN | INVALID

module.exports = new Proxy({}, {get() { throw new Error('trap') }})

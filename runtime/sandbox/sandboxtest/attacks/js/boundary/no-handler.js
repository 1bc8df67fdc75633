// class: boundary
// engine: js
// tiers: both
// expect: INVALID

module.exports = {default: 42}

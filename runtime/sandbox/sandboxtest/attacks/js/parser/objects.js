// class: parser
// engine: js
// tiers: both
// expect: REFUSED

module.exports = «{a:×250000»1«}×250000»

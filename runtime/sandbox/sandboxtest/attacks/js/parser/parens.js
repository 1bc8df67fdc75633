// class: parser
// engine: js
// tiers: both
// expect: REFUSED

module.exports = «(×200000»1«)×200000»

// class: parser
// engine: js
// tiers: both
// expect: REFUSED

module.exports = «1?×200000»1«:1×200000»

// class: parser
// engine: js
// tiers: both
// expect: REFUSED

module.exports = «`${×100000»1«}`×100000»

// class: parser
// engine: js
// tiers: both
// expect: REFUSED

module.exports = «[...×100000»[]«]×100000»

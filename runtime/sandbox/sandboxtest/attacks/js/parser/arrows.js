// class: parser
// engine: js
// tiers: both
// expect: REFUSED

module.exports = «a=>×300000»1

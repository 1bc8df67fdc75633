// class: parser
// engine: js
// tiers: both
// expect: REFUSED

module.exports = «!×900000»1

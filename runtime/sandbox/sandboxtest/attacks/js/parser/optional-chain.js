// class: parser
// engine: js
// tiers: both
// expect: REFUSED | THROWN | value

module.exports = () => null«?.a×200000»

// class: parser
// engine: js
// tiers: both
// expect: REFUSED | value 1

module.exports = () => 1 //  « ×100000»

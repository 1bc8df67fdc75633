// class: parser
// engine: js
// tiers: both
// expect: REFUSED | TIMEOUT | value 1

«;×900000»
module.exports = () => 1

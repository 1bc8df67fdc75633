// class: parser
// engine: js
// tiers: both
// expect: REFUSED | value 1 | TIMEOUT

«()=>{};×100000»
module.exports = () => 1

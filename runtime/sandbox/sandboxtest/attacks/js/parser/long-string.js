// class: parser
// engine: js
// tiers: both
// expect: REFUSED | value 1000000

module.exports = () => '«x×1000000»'.length

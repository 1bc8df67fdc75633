// class: parser
// engine: js
// tiers: both
// expect: REFUSED | TIMEOUT | MEMORY_EXCEEDED | value

module.exports = async () => «await ×100000»1

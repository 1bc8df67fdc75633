// class: parser
// engine: js
// tiers: both
// expect: REFUSED | TIMEOUT | MEMORY_EXCEEDED | value

module.exports = () => String(«9×900000»n).length

// class: parser
// engine: js
// tiers: both
// expect: REFUSED | value 1 | TIMEOUT

let a0«,b×1»
«{let c}×90000»
module.exports = () => 1

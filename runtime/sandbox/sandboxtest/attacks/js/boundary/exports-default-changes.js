// class: boundary
// engine: js
// tiers: both
// expect: value "first" | value "second"

let n = 0
module.exports = {get default() { return n++ ? () => 'second' : () => 'first' }}

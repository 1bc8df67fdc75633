// class: escape
// engine: js
// tiers: both
// expect: value "contained" | REFUSED

let x = 1
<!-- x = 2
module.exports = () => 'contained'

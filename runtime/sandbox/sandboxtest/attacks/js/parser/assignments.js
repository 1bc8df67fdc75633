// class: parser
// engine: js
// tiers: both
// expect: REFUSED

let a; a«=a×400000»

// class: parser
// engine: js
// tiers: both
// expect: REFUSED | value
// note: a long chain nests in the tree that the parser makes

module.exports = () => 1; const a = {}; () => a«.a×400000»

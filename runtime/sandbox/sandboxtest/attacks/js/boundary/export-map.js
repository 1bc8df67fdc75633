// class: boundary
// engine: js
// tiers: both
// expect: value {}

module.exports = api => {
  return new Map([[{toString(){for(;;){}}},1]])
}

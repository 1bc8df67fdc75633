// class: boundary
// engine: js
// tiers: both
// expect: value {}

module.exports = api => {
  return ({toString(){for(;;){}}})
}

// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return ({get Status(){for(;;){}}, Body:'x'})
}

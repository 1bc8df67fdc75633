// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  throw new Proxy({}, {get(){for(;;){}}})
}

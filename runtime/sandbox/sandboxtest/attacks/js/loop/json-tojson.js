// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return JSON.stringify({toJSON(){for(;;){}}})
}

// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return +{valueOf(){for(;;){}}}
}

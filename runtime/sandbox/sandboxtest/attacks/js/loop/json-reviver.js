// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return JSON.parse('[1]', function(){for(;;){}})
}

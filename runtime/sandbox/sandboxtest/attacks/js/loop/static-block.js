// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  class A{static{for(;;){}}}
}

// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  Promise.resolve().then(()=>{for(;;){}});
  return 1
}

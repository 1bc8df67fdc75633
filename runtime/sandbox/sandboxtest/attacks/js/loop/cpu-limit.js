// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT
// cpu: 100ms
// wall: 2s
// note: ended by CPU time, long before the wall clock

module.exports = api => {
  for (;;);
}

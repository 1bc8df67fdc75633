// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return ({}) instanceof {[Symbol.hasInstance]() { for (;;); }}
}

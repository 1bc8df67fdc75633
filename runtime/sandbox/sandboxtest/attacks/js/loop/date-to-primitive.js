// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return new Date({[Symbol.toPrimitive]() { for (;;); }})
}

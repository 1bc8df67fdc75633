// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return [].concat({get [Symbol.isConcatSpreadable]() { for (;;); }})
}

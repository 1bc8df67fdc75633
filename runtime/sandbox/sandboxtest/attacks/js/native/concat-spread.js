// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return [].concat({length:2**53-2,[Symbol.isConcatSpreadable]:true})
}

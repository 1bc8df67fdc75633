// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  class P extends Promise { static get [Symbol.species]() { return function (f) { f(() => {}, () => {}); for (;;); } } }
  return new P(ok => ok(1)).then(() => 2)
}

// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return Reflect.apply(Math.max, null, {length: 2 ** 31 - 1})
}

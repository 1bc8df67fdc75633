// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return new WeakSet({[Symbol.iterator]: Object.bind(null, {next: Object.bind(null, {value: {}})})})
}

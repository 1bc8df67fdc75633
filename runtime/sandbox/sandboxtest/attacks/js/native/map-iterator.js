// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return new Map({[Symbol.iterator]: Object.bind(null, {next: Object.bind(null, {value: [1, 1]})})})
}

// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return Array.from({[Symbol.iterator]: () => ({next: () => ({value: 1})})})
}

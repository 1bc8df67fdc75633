// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return Promise.all({[Symbol.iterator]:Object.bind(null,{next:Object.bind(null,{value:1})})})
}

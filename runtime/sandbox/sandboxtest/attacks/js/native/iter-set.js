// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED
// ci: yes

module.exports = api => {
  return new Set({[Symbol.iterator]:Object.bind(null,{next:Object.bind(null,{value:1})})})
}

// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | LIMIT | value

module.exports = api => {
  return new Proxy([], {get(t, k) { return k === 'length' ? 2 ** 53 - 1 : k === 'toJSON' || k === 'then' ? undefined : 0 }})
}

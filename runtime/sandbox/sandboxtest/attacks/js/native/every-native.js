// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return Array.prototype.every.call({length: 2 ** 53 - 1, __proto__: new Proxy({}, {has: () => true, get: () => 1})}, Object)
}

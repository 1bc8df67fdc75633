// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return new Proxy([], {get(t, k) { if (k === 'length') return 2 ** 32; for (;;); }})
}

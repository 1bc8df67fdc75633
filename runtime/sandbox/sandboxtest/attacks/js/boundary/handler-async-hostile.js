// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = new Proxy(() => {}, {apply() { for (;;); }})

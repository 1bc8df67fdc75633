// class: timer
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  setTimeout(() => {}, {valueOf() { for (;;); }})
}

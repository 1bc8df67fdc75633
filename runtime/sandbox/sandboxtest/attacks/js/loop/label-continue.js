// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  outer: for (;;) { for (;;) continue outer }
}

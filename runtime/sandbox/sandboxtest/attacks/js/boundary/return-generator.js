// class: boundary
// engine: js
// tiers: both
// expect: value {}

module.exports = api => {
  return (function* () { for (;;) yield 1 })()
}

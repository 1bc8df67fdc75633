// class: boundary
// engine: js
// tiers: both
// expect: value 1

module.exports = api => {
  globalThis.handler=class{};
  return 1
}

// class: pollution
// engine: js
// tiers: both
// expect: THROWN Error

module.exports = api => {
  globalThis.Error = globalThis.TypeError = class { get message() { for (;;); } }
  throw Object.assign(Object.create(null), {})
}

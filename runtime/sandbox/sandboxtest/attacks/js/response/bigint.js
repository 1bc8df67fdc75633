// class: response
// engine: js
// tiers: both
// expect: THROWN TypeError

module.exports = api => {
  return {a: 10n}
}

// class: escape
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  return (function () { return this === globalThis || this === undefined })() ? 'contained' : 'escaped'
}

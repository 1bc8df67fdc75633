// class: response
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return {toJSON() { for (;;); }}
}

// class: response
// engine: js
// tiers: both
// expect: value {}

module.exports = api => {
  return new Error('secret')
}

// class: secrets
// engine: js
// tiers: both
// expect: value "contained"

module.exports = async api => {
  return typeof process === 'undefined' && !/ANNEX|SECRET|PATH=/.test(JSON.stringify(Object.getOwnPropertyNames(globalThis))) ? 'contained' : 'escaped'
}

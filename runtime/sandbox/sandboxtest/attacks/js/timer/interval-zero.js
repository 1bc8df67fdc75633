// class: timer
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return new Promise(() => setInterval(() => {}, 0))
}

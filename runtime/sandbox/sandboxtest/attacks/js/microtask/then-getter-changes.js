// class: microtask
// engine: js
// tiers: both
// expect: value {}
// note: what is called is what was looked at

module.exports = api => {
  let n = 0
  return Object.defineProperty({}, 'then', {get() { return n++ ? 1 : ok => ok('contained') }})
}

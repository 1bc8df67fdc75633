// class: escape
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  let stolen
  Object.defineProperty(Promise, Symbol.species, {get() { return function (f) { f(x => { stolen = x }, () => {}) } }})
  api.storage.get('absent').then(x => x)
  const own = stolen === undefined || stolen instanceof Object && stolen.constructor === Object
  return new Promise(ok => setTimeout(() => ok(own ? 'contained' : 'escaped'), 10))
}

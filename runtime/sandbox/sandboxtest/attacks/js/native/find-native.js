// class: native
// engine: js
// tiers: both
// expect: INTERNAL
// note: a Go panic of goja, told to nobody but the operator

module.exports = api => {
  return Array.prototype.findLast.call({length: 2 ** 53 - 1}, Boolean)
}

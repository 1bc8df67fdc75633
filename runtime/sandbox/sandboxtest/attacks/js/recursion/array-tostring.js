// class: recursion
// engine: js
// tiers: both
// expect: value ""

module.exports = api => {
  return (() => { const a = []; a[0] = {toString: Array.prototype.join.bind(a)}; return String(a) })()
}

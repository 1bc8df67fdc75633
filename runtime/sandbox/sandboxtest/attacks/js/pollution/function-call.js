// class: pollution
// engine: js
// tiers: both
// expect: value {"a":1}

module.exports = api => {
  Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => { throw 1 }
  return {a: 1}
}

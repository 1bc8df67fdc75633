// class: builtin
// engine: js
// tiers: both
// expect: value "ok"

module.exports = api => {
  var a=[,,1]
  Object.defineProperty(Array.prototype,0,{get(){a.length=0;return 1},configurable:true})
  a.indexOf(1)
  a.reverse()
  a.join()
  delete Array.prototype[0];
  return 'ok'
}

// class: builtin
// engine: js
// tiers: both
// expect: value "ok"
// note: arguments that shrink the array while a built-in walks it

module.exports = api => {
  const shrink = n => ({valueOf() { a.length = 0; return n }})
  let a = [1, 2, 3, 4, 5]
  a.splice(0, shrink(3), 1, 2)
  a.fill(0, shrink(0))
  a.slice(shrink(0), 5)
  a.copyWithin(shrink(1), 1)
  a.includes(1, shrink(0))
  a.lastIndexOf(1, shrink(3))
  a.concat.call(a, a);
  [].flat.call(a, shrink(1))
  return 'ok'
}

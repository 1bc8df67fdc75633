// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  var s=new Set([1])
  for(const x of s){ s.delete(x)
  s.add(x+1) }
}

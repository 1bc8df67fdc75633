// class: boundary
// engine: js
// tiers: both
// expect: THROWN TypeError

module.exports = api => {
  var o={}
  o.o=o;
  return o
}

// class: builtin
// engine: js
// tiers: both
// expect: THROWN RangeError

module.exports = api => {
  return new TextDecoder('../utf-16le')
}

// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return 'a'.split({[Symbol.split]() { for (;;); }})
}

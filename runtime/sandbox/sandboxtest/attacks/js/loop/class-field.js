// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  class A { x = (() => { for (;;); })() }
  return new A()
}

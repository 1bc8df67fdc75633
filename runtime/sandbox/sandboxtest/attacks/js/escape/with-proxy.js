// class: escape
// engine: js
// tiers: both
// expect: REFUSED | THROWN SyntaxError | value "contained"
// note: names of the scope are the proxy, and nothing else

module.exports = api => {
  with (new Proxy({}, {has: () => true, get: (t, k) => k === Symbol.unscopables ? undefined : 'contained'})) { return process }
}

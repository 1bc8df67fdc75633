// class: timer
// engine: js
// tiers: both
// expect: THROWN TypeError | THROWN EvalError

module.exports = api => {
  setTimeout('globalThis.pwned = 1', 0)
  return new Promise(ok => setTimeout(() => ok(globalThis.pwned === undefined ? 'contained' : 'escaped'), 20))
}

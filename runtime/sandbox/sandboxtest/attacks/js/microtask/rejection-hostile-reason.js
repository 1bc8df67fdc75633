// class: microtask
// engine: js
// tiers: both
// expect: THROWN | TIMEOUT

module.exports = api => {
  Promise.reject(new Proxy({}, {get() { for (;;); }}))
  return new Promise(ok => setTimeout(ok, 50))
}

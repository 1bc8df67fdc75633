// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return Reflect.ownKeys(new Proxy({}, {ownKeys() { for (;;); }}))
}

// class: log
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  console.log(new Proxy({}, {get() { for (;;); }, ownKeys() { for (;;); }}))
  for (;;);
}

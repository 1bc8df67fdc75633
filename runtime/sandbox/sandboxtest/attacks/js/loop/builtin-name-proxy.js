// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  Object.setPrototypeOf([].forEach, new Proxy(Function.prototype, {get() { for (;;); }, has() { for (;;); }}))
  delete [].forEach.name;
  [1].forEach(() => { for (;;); })
}

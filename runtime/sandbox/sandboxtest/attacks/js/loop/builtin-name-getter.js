// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT
// ci: yes
// note: the engine asks for the name of a built-in while it holds the lock of its interrupt

module.exports = api => {
  Object.defineProperty([].map, 'name', {get() { for (;;); }})
  return [1].map(() => { for (;;); })
}

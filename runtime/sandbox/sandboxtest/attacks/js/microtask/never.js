// class: microtask
// engine: js
// tiers: both
// expect: THROWN Error
// ci: yes
// note: nothing can settle it: ended at once, not at the limit

module.exports = api => {
  return new Promise(() => {})
}

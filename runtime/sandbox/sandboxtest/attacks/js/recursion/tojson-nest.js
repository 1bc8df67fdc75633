// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED | THROWN

module.exports = api => {
  return JSON.stringify({toJSON() { return {a: this} }})
}

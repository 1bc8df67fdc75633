// class: escape
// engine: js
// tiers: both
// expect: value 1

module.exports = api => {
  globalThis.visits = (globalThis.visits || 0) + 1
  Object.prototype.visits = (Object.prototype.visits || 0) + 1
  return Math.max(visits, Object.prototype.visits)
}

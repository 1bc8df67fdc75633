// class: bridge
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = async api => {
  await api.storage.set('t', {toJSON() { for (;;); }})
}

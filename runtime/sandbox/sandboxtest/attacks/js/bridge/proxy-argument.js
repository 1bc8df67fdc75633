// class: bridge
// engine: js
// tiers: both
// expect: THROWN | value "invalid"

module.exports = async api => {
  await api.storage.set('t', new Proxy({}, {ownKeys() { throw new Error('trap') }}))
}

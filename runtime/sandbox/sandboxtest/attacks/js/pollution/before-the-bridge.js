// class: pollution
// engine: js
// tiers: both
// expect: value "contained" | THROWN Error
// note: whatever its wrappers then do, no other name is called and no other key is written

module.exports = async api => {
  // The author changes every built-in that the API's own code could use.
  for (const c of [Array, String, Map, Set, Promise, Object, JSON, Reflect, Function, RegExp, Uint8Array]) {
    for (const o of [c, c.prototype || {}]) {
      for (const k of Reflect.ownKeys(o)) {
        if (k === 'prototype' || k === 'constructor' || k === 'then' || k === 'resolve') continue
        try { Object.defineProperty(o, k, {value() { throw new Error('trap ' + String(k)) }, configurable: true}) } catch (e) {}
      }
    }
  }
  try { await api.storage.set('k', {a: 1}) } catch (e) {}
  return 'contained'
}

// class: escape
// engine: js
// tiers: both
// expect: value "contained"
// wall: 2s

module.exports = api => {
  // What can be reached from the API is of this realm: its functions are of its
  // Function, its objects of its Object, and nothing has the methods of Go.
  const seen = new Set(), odd = []
  const walk = (o, path) => {
    if (o === null || typeof o !== 'object' && typeof o !== 'function' || seen.has(o)) return
    seen.add(o)
    if (typeof o === 'function' && !(o instanceof Function) && o !== Function.prototype) odd.push(path)
    for (const k of Reflect.ownKeys(o)) {
      if (/^(Transport|Client|Do|Exec|Open|Token|Inner|Err|Unwrap|Value|Close|Store)$/.test(String(k))) odd.push(path + '.' + String(k))
      let v
      try { v = o[k] } catch (e) { continue }
      walk(v, path + '.' + String(k))
    }
    walk(Object.getPrototypeOf(o), path + '.__proto__')
  }
  walk(api, 'api')
  return odd.length === 0 ? 'contained' : odd.slice(0, 5).join()
}

// JSON would leave out what it has no text for, so that a value is lost without a word.
(call) => {
  const reject = Promise.reject.bind(Promise)
  const refused = ['undefined', 'function', 'symbol', 'bigint']

  return function setMany(entries) {
    if (typeof entries === 'object' && entries !== null) {
      for (const key of Object.keys(entries)) {
        const kind = typeof entries[key]
        if (refused.includes(kind)) {
          const error = new TypeError(`storage.setMany: entries.${key} is not JSON: ${kind}`)
          error.code = 'invalid'
          return reject(error)
        }
      }
    }
    return call(entries)
  }
}

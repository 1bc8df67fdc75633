(refuse) => ((reject, keys) => (call) => function setMany(entries) {
  if (typeof entries === 'object' && entries !== null) {
    for (const key of keys(entries)) {
      const error = refuse(`Storage value of ${key}`, entries[key])
      if (error) return reject(error)
    }
  }
  return call(entries)
})(Promise.reject.bind(Promise), Object.keys)

(refuse) => ((reject) => (call) => function set(key, value, options) {
  const error = refuse('Storage value', value)
  return error ? reject(error) : call(key, value, options)
})(Promise.reject.bind(Promise))

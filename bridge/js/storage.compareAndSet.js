(refuse) => ((reject) => (call) => function compareAndSet(key, expected, value) {
  const error =
    (expected !== undefined && refuse('Expected value', expected)) ||
    (value !== undefined && refuse('Storage value', value))
  return error ? reject(error) : call(key, expected, value)
})(Promise.reject.bind(Promise))

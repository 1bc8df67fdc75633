((TypeError) => (what, value) => {
  const kind = typeof value
  if (kind !== 'undefined' && kind !== 'function' && kind !== 'symbol' && kind !== 'bigint') return undefined
  const error = new TypeError(`${what} must be JSON-serializable: ${kind} is not`)
  error.code = 'invalid'
  return error
})(TypeError)

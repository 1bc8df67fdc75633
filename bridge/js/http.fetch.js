// What fetch takes and gives elsewhere, around a call that takes a list of header
// fields and a string or bytes, and gives a list of header fields and bytes.
(call) => {
  const define = (object, name, get) => Object.defineProperty(object, name, { get, enumerable: true, configurable: true })
  const hide = (object, members) => {
    for (const name of Reflect.ownKeys(members)) {
      Object.defineProperty(object, name, { value: members[name], writable: true, configurable: true })
    }
    return object
  }

  // fields makes a list of pairs from a plain object, a list of pairs, or what has forEach: Headers, Map.
  const fields = (headers) => {
    if (headers === undefined || headers === null) return []
    const list = []
    if (Array.isArray(headers)) {
      for (const [name, value] of headers) list.push([String(name), String(value)])
    } else if (typeof headers.forEach === 'function') {
      headers.forEach((value, name) => list.push([String(name), String(value)]))
    } else {
      for (const name of Object.keys(headers)) {
        if (headers[name] !== undefined) list.push([name, String(headers[name])])
      }
    }
    return list
  }

  const bodyOf = (body, headers) => {
    if (body === undefined || body === null) return undefined
    let type
    if (typeof body === 'string') {
      type = 'text/plain;charset=UTF-8'
    } else if (typeof URLSearchParams === 'function' && body instanceof URLSearchParams) {
      type = 'application/x-www-form-urlencoded;charset=UTF-8'
      body = String(body)
    } else if (ArrayBuffer.isView(body)) {
      body = new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
    } else if (!(body instanceof ArrayBuffer)) {
      const error = new TypeError(
        'http.fetch: body must be a string, an ArrayBuffer, a typed array or URLSearchParams; use JSON.stringify for objects')
      error.code = 'invalid'
      throw error
    }
    if (type && !headers.some(([name]) => name.toLowerCase() === 'content-type')) headers.push(['content-type', type])
    return body
  }

  // headersOf makes an object that is plain to look at and has the methods of Headers.
  const headersOf = (list) => {
    const all = new Map()
    for (const [name, value] of list) all.set(name, all.has(name) ? all.get(name) + ', ' + value : value)
    const find = (name) => all.get(String(name).toLowerCase())
    const headers = hide({}, {
      get: (name) => (find(name) === undefined ? null : find(name)),
      has: (name) => find(name) !== undefined,
      forEach: (callback) => all.forEach((value, name) => callback(value, name, headers)),
      entries: () => all.entries(),
      keys: () => all.keys(),
      values: () => all.values(),
      getSetCookie: () => list.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
      [Symbol.iterator]: () => all.entries(),
    })
    all.forEach((value, name) => {
      if (!(name in headers)) headers[name] = value // a field called "get" is there by get() alone
    })
    return headers
  }

  const resultOf = (raw) => {
    const bytes = raw.body
    let decoded
    const text = () => (decoded === undefined ? (decoded = new TextDecoder().decode(bytes)) : decoded)
    const result = {
      ok: raw.ok,
      status: raw.status,
      statusText: raw.statusText,
      url: raw.url,
      redirected: raw.redirected,
      headers: headersOf(raw.headers),
    }
    define(result, 'body', text)
    return hide(result, {
      text: () => Promise.resolve(text()),
      json: () => new Promise((resolve) => resolve(JSON.parse(text()))),
      arrayBuffer: () => Promise.resolve(bytes.slice().buffer),
    })
  }

  // until ends the wait for answer, and the request by stop, when signal is aborted.
  const until = (signal, answer, stop) => new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason)
      stop().then(undefined, () => {})
    }
    const done = (settle) => (value) => {
      signal.removeEventListener('abort', abort)
      settle(value)
    }
    signal.addEventListener('abort', abort)
    answer.then(done(resolve), done(reject))
  })

  let signals = 0

  return function fetch(url, options) {
    try {
      const given = options === undefined || options === null ? {} : options
      const signal = given.signal
      if (signal && signal.aborted) return Promise.reject(signal.reason)
      const headers = fields(given.headers)
      const body = bodyOf(given.body, headers)
      const method = given.method === undefined ? undefined : String(given.method)
      const auth = given.auth === null ? undefined : given.auth
      const address = String(url)
      const name = signal ? String(++signals) : undefined
      const answer = call(address, method, headers, body, given.redirect, auth, name).then(resultOf)
      const stop = () => call(address, undefined, undefined, undefined, undefined, undefined, undefined, name)
      return signal ? until(signal, answer, stop) : answer
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

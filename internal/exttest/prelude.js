// What a test file sees: test, expect and annex, over the methods of package
// exttest. It runs in the sandbox, before the file.
const state = { tests: [], path: [], before: [[]], after: [[]], host: undefined, functions: new Map(), nextStub: 1 }

const register = (mode) => (name, fn) => {
  if (mode !== 'skip' && typeof fn !== 'function') throw new TypeError('test: the second argument is not a function')
  state.tests.push({ name: [...state.path, String(name)].join(' › '), mode, fn, before: state.before.flat(), after: state.after.flat().reverse() })
}
const test = register('run')
test.skip = register('skip')
test.only = register('only')

const describe = (name, fn) => {
  state.path.push(String(name))
  state.before.push([])
  state.after.push([])
  try {
    fn()
  } finally {
    state.path.pop()
    state.before.pop()
    state.after.pop()
  }
}

// show writes a value for people, members sorted, a line each.
const show = (value, indent = '', seen = []) => {
  const inner = indent + '  '
  switch (typeof value) {
    case 'string': return JSON.stringify(value)
    case 'bigint': return value + 'n'
    case 'function': return '[function ' + (value.name || 'anonymous') + ']'
    case 'object': break
    default: return Object.is(value, -0) ? '-0' : String(value)
  }
  if (value === null) return 'null'
  if (seen.includes(value)) return '[circular]'
  seen = [...seen, value]
  if (value instanceof Error) return value.name + ': ' + value.message
  if (value instanceof Date) return 'Date ' + (isNaN(value) ? 'invalid' : value.toISOString())
  if (value instanceof RegExp) return String(value)
  if (value instanceof Map) return 'Map ' + show([...value], indent, seen)
  if (value instanceof Set) return 'Set ' + show([...value], indent, seen)
  if (ArrayBuffer.isView(value)) return value.constructor.name + ' ' + show(Array.from(value), indent, seen)
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return '[\n' + value.map((v) => inner + show(v, inner, seen)).join(',\n') + '\n' + indent + ']'
  }
  const keys = Object.keys(value).sort()
  if (keys.length === 0) return '{}'
  return '{\n' + keys.map((k) => inner + JSON.stringify(k) + ': ' + show(value[k], inner, seen)).join(',\n') + '\n' + indent + '}'
}

// equal compares by content; with part, b may leave members of a out.
const equal = (a, b, part = false, seen = []) => {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (seen.some(([x, y]) => x === a && y === b)) return true
  seen = [...seen, [a, b]]
  if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && Object.is(+a, +b)
  if (a instanceof RegExp || b instanceof RegExp) return String(a) === String(b)
  if (a instanceof Error || b instanceof Error) return a instanceof Error && b instanceof Error && a.message === b.message && a.name === b.name
  if (a instanceof Map || a instanceof Set) return b.constructor === a.constructor && equal([...a], [...b], part, seen)
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (Array.isArray(a) || ArrayBuffer.isView(a)) {
    if (a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i], part, seen)) return false
    return true
  }
  const defined = (o) => Object.keys(o).filter((k) => o[k] !== undefined)
  const keys = defined(b)
  if (!part && defined(a).length !== keys.length) return false
  return keys.every((k) => Object.prototype.hasOwnProperty.call(a, k) && equal(a[k], b[k], part, seen))
}

class AssertionError extends Error {}
AssertionError.prototype.name = 'AssertionError'

const messageFits = (message, expected) =>
  expected === undefined || (expected instanceof RegExp ? expected.test(message) : message.includes(String(expected)))

// Each matcher says whether it holds, and what was expected in words.
const matchers = {
  toBe: (a, b) => [Object.is(a, b), show(b)],
  toEqual: (a, b) => [equal(a, b), show(b)],
  toMatchObject: (a, b) => [equal(a, b, true), show(b)],
  toBeDefined: (a) => [a !== undefined, 'a value'],
  toBeUndefined: (a) => [a === undefined, 'undefined'],
  toBeNull: (a) => [a === null, 'null'],
  toBeTruthy: (a) => [!!a, 'a truthy value'],
  toBeFalsy: (a) => [!a, 'a falsy value'],
  toBeGreaterThan: (a, b) => [a > b, 'more than ' + show(b)],
  toBeLessThan: (a, b) => [a < b, 'less than ' + show(b)],
  toContain: (a, b) => [typeof a === 'string' ? a.includes(b) : Array.from(a).some((v) => equal(v, b)), 'something with ' + show(b)],
  toHaveLength: (a, b) => [a !== undefined && a !== null && a.length === b, 'a length of ' + show(b)],
  toMatch: (a, b) => [typeof a === 'string' && messageFits(a, b), 'a string that matches ' + show(b)],
  toThrow: (a, b) => {
    const text = b === undefined ? 'an error' : 'an error that matches ' + show(b)
    if (a instanceof Error) return [messageFits(a.message, b), text] // of rejects
    try {
      a()
    } catch (e) {
      return [messageFits(String((e && e.message) ?? e), b), text, e]
    }
    return [false, text, undefined]
  },
}

const check = (name, not, value, args) => {
  const result = matchers[name](value, ...args)
  if (result[0] !== not) return
  const error = new AssertionError(`expect(…)${not ? '.not' : ''}.${name}(…)`)
  error.expected = (not ? 'not ' : '') + result[1]
  error.received = result.length > 2 ? show(result[2]) : show(value)
  error.whole = name === 'toEqual' && !not
  throw error
}

const expectation = (value, not) => {
  const e = {}
  for (const name of Object.keys(matchers)) e[name] = (...args) => check(name, not, value, args)
  Object.defineProperty(e, 'not', { get: () => expectation(value, !not) })
  Object.defineProperty(e, 'resolves', { get: () => later(value, false, not) })
  Object.defineProperty(e, 'rejects', { get: () => later(value, true, not) })
  return e
}

const later = (promise, rejects, not) => {
  const settle = async () => {
    let value
    try {
      value = await (typeof promise === 'function' ? promise() : promise)
    } catch (e) {
      if (rejects) return e
      throw e
    }
    if (!rejects) return value
    const error = new AssertionError('expect(…).rejects: the promise resolved')
    error.expected = 'a rejection'
    error.received = show(value)
    throw error
  }
  const e = {}
  for (const name of Object.keys(matchers)) e[name] = async (...args) => check(name, not, await settle(), args)
  Object.defineProperty(e, 'not', { get: () => later(promise, rejects, !not) })
  return e
}

const host = () => {
  if (state.host === undefined) throw new Error('annex is only there inside of a test')
  return state.host
}

// answerTo runs the function of a stub.
const answerTo = async ({ id, stub, request }) => {
  let answer
  try {
    answer = answerOf(await state.functions.get(stub)(requestOf(request)))
  } catch (e) {
    state.failed = state.failed ?? e
    answer = { fail: 'the stub threw: ' + String((e && e.message) ?? e) }
  }
  host().answer(id, answer)
}

// invoke waits for the answer, and meanwhile runs the functions of stubs.
const invoke = async (route, options = {}) => {
  const ticket = host().invoke(String(route), {
    body: options.body === undefined ? undefined : typeof options.body === 'string' ? options.body : JSON.stringify(options.body),
    json: options.body !== undefined && typeof options.body !== 'string',
    headers: options.headers, user: options.user,
  })
  let step = await host().wait(ticket)
  while (step.ask !== undefined) {
    void answerTo(step.ask) // beside the waiting: the handler may give up before
    step = await host().wait(ticket)
  }
  const reply = step.reply
  return { status: reply.status, headers: reply.headers, body: parsed(reply.text, reply.headers['content-type']), ...(reply.error && { error: reply.error }) }
}

const parsed = (text, type) => {
  if (text === '') return undefined
  if (!/^application\/(.*\+)?json/i.test(type ?? '')) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const requestOf = (r) => ({ method: r.method, url: r.url, headers: r.headers, body: parsed(r.text, 'application/json') })

const answerOf = (a) => {
  if (typeof a !== 'object' || a === null) throw new TypeError('annex.stub: an answer is an object such as { status: 200, body: … }')
  const text = a.body === undefined ? '' : typeof a.body === 'string' ? a.body : JSON.stringify(a.body)
  const headers = {}
  for (const [name, value] of Object.entries(a.headers ?? {})) headers[name.toLowerCase()] = String(value)
  if (a.body !== undefined && headers['content-type'] === undefined) headers['content-type'] = typeof a.body === 'string' ? 'text/plain' : 'application/json'
  return { status: a.status ?? 200, headers, text, ...(a.fail !== undefined && { fail: String(a.fail) }) }
}

const stub = (request, answer) => {
  const id = state.nextStub++
  const isFunction = typeof answer === 'function'
  if (isFunction) state.functions.set(id, answer)
  host().stub(id, String(request), isFunction ? undefined : (Array.isArray(answer) ? answer : [answer]).map(answerOf))
  return { get requests() { return host().requests(id).map(requestOf) } }
}

const annex = {
  invoke, stub,
  clock: {
    now: () => host().clock('now', 0),
    set: (time) => void host().clock('set', +new Date(time)),
    advance: (ms) => void host().clock('advance', Number(ms)),
  },
  storage: {
    get: async (key) => (await host().state('storage.get', { key })).value,
    set: async (key, value) => void (await host().state('storage.set', { key, value })),
    delete: async (key) => void (await host().state('storage.delete', { key })),
    list: async (prefix = '') => (await host().state('storage.list', { key: prefix })).value,
  },
  secrets: {
    get: async (name) => (await host().state('secrets.get', { key: name })).value,
    set: async (name, value) => void (await host().state('secrets.set', { key: name, value: String(value) })),
    delete: async (name) => void (await host().state('secrets.delete', { key: name })),
  },
  configure: async (values) => void (await host().state('configure', { value: values })),
  grant: async (permissions) => void (await host().state('grant', { value: permissions })),
  get logs() { return host().logs() },
  get events() { return host().events() },
}

const failure = (e) => {
  if (e instanceof AssertionError) {
    return { name: e.name, message: e.message, stack: String(e.stack), expected: e.expected, received: e.received, whole: e.whole }
  }
  if (e instanceof Error) return { name: String(e.name), message: String(e.message), stack: String(e.stack) }
  return { name: 'Error', message: 'thrown: ' + show(e), stack: '' }
}

const run = async (t) => {
  let failed
  try {
    for (const hook of t.before) await hook()
    await t.fn()
  } catch (e) {
    failed = failure(e)
  }
  for (const hook of t.after) {
    try {
      await hook()
    } catch (e) {
      failed = failed ?? failure(e)
    }
  }
  if (failed === undefined && state.failed !== undefined) failed = failure(state.failed)
  return { failed }
}

Object.assign(globalThis, { test, it: test, describe, expect: (value) => expectation(value, false), annex })
globalThis.beforeEach = (fn) => void state.before[state.before.length - 1].push(fn)
globalThis.afterEach = (fn) => void state.after[state.after.length - 1].push(fn)

// The runner asks what there is, then for one test in each realm.
export const main = async (api) => {
  if (api.config.run === undefined) return state.tests.map(({ name, mode }) => ({ name, mode }))
  state.host = api.host
  return run(state.tests[api.config.run])
}

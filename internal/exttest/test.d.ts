
// What `annex test` gives to *.test.ts and *.test.js files.

/** One test. It fails when `fn` throws, rejects, or a request leaves that no stub answers. */
declare const test: {
  (name: string, fn: () => unknown): void
  /** Not run, and reported as skipped. */
  skip(name: string, fn?: () => unknown): void
  /** Of this file, only the tests that are marked so are run. */
  only(name: string, fn: () => unknown): void
}
/** The same as `test`. */
declare const it: typeof test
/** Puts a name before the names of the tests in it. */
declare function describe(name: string, fn: () => void): void
/** Runs before each test of the file, or of the `describe` around it. */
declare function beforeEach(fn: () => unknown): void
/** Runs after each test, failed ones too. */
declare function afterEach(fn: () => unknown): void
/** Says what a value must be. */
declare function expect<T = any>(value: T): Expectation

interface Expectation {
  /** The opposite. */
  readonly not: Expectation
  /** What the promise resolves to; await the result. */
  readonly resolves: AsyncExpectation
  /** What the promise rejects with; await the result. */
  readonly rejects: AsyncExpectation
  /** The same value (`Object.is`). */
  toBe(expected: unknown): void
  /** The same content: objects and lists member by member. */
  toEqual(expected: unknown): void
  /** At least these members, at any depth. */
  toMatchObject(expected: object): void
  toBeDefined(): void
  toBeUndefined(): void
  toBeNull(): void
  toBeTruthy(): void
  toBeFalsy(): void
  toBeGreaterThan(expected: number): void
  toBeLessThan(expected: number): void
  /** An entry of a list, or a part of a string. */
  toContain(expected: unknown): void
  toHaveLength(expected: number): void
  toMatch(expected: RegExp | string): void
  /** The function throws; with an argument, an error whose message has or matches it. */
  toThrow(expected?: RegExp | string): void
}
type AsyncExpectation = { [K in Exclude<keyof Expectation, 'not' | 'resolves' | 'rejects'>]: (...args: Parameters<Expectation[K]>) => Promise<void> } & {
  readonly not: AsyncExpectation
}

/** The host of a test: in memory, empty, with everything granted that the manifest asks for. */
declare const annex: {
  /**
   * Calls a route of this extension, as a request would. An error of the handler is the answer that
   * a client would get, with `error` beside it.
   * @param route Method and path: `GET notes/1?full=yes`.
   */
  invoke<T = any>(route: string, options?: InvokeOptions): Promise<InvokeResult<T>>
  /**
   * Declares what a request of `http.fetch` is answered. Stubs of one test are asked in the order in
   * which they were declared. A request that none matches fails the test.
   * @param request Method and address: `GET https://api.example.com/items`. `*` stands for anything.
   * @param answer One answer for every request, a list (one for each, the last one again), or a function.
   */
  stub(request: string, answer: StubAnswer | StubAnswer[] | ((request: StubbedRequest) => StubAnswer | Promise<StubAnswer>)): Stub
  /**
   * The clock of handlers, of timers (`setTimeout`, `AbortSignal.timeout`, those of the test too) and of
   * what expires. It begins at 2030-01-01T00:00:00Z and stands still while anything runs. When the test
   * and all handlers do nothing but wait, it goes on to the next timer: `await annex.invoke(…)` of a
   * handler that waits ten seconds takes no time, and is ten seconds later. A handler is still held to
   * the time that a host gives it.
   */
  readonly clock: {
    /** Milliseconds, as `Date.now()`. */
    now(): number
    /** Puts the clock to a time, earlier or later. Timers that are due then run. */
    set(time: Date | number | string): void
    /**
     * Lets that much time pass, from one timer of the running handlers to the next: when it returns,
     * everything that was due has run. To look at a handler on its way, call it without `await`.
     */
    advance(milliseconds: number): void
  }
  /** What the extension has stored. */
  readonly storage: {
    get<T = any>(key: string): Promise<T | undefined>
    set(key: string, value: unknown): Promise<void>
    delete(key: string): Promise<void>
    list(prefix?: string): Promise<string[]>
  }
  /** The secrets of the extension. */
  readonly secrets: {
    get(name: string): Promise<string | undefined>
    set(name: string, value: string): Promise<void>
    delete(name: string): Promise<void>
  }
  /** Sets the values of `contributes.configuration`. */
  configure(values: Record<string, unknown>): Promise<void>
  /** Grants exactly these permissions, as if nothing else had been approved. */
  grant(permissions: string[]): Promise<void>
  /** What handlers logged in this test. */
  readonly logs: { level: 'debug' | 'info' | 'warn' | 'error'; message: string; fields?: Record<string, unknown> }[]
  /** What handlers emitted in this test. */
  readonly events: { name: string; payload?: unknown }[]
}

interface InvokeOptions {
  /** Sent as JSON; a string is sent as text. */
  body?: unknown
  headers?: Record<string, string>
  /** Who calls; `null` for an anonymous caller. Without it an admin. */
  user?: Partial<ExtensionUser> | null
}
interface InvokeResult<T = any> {
  readonly status: number
  readonly headers: Record<string, string>
  /** Parsed when it is JSON, otherwise the text; `undefined` when it is empty. */
  readonly body: T
  /** What the handler threw. */
  readonly error?: { name: string; code: string; message: string; stack?: string }
}
interface StubAnswer {
  /** 200 unless given. */
  status?: number
  headers?: Record<string, string>
  /** Sent as JSON unless it is a string. */
  body?: unknown
  /** Fails in place of answering, as a host that cannot be reached does. */
  fail?: string
}
interface StubbedRequest {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  /** Parsed when it is JSON, otherwise the text. */
  readonly body: any
}
interface Stub {
  /** What was asked, in order. */
  readonly requests: StubbedRequest[]
}

// The API of server handlers.
//
//   export default async function handler(api: ExtensionServerAPI): Promise<ExtensionResponse> {
//     return api.response.json({ hello: api.user?.email })
//   }
//
// Globals beside the language: console, URL, URLSearchParams, TextEncoder, TextDecoder, atob, btoa,
// structuredClone, setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask,
// AbortController, AbortSignal, Headers, Response, crypto.getRandomValues, crypto.randomUUID and
// crypto.subtle (HMAC: importKey, sign, verify; digest). Their types are those of TypeScript's own
// library: "lib": ["ES2022", "DOM"]. There is no require of host modules, no eval, and no fetch but
// api.http.fetch.
//
// A call that fails throws an Error with a `code`: denied, not_found, invalid, conflict, exhausted,
// timeout, canceled, unavailable or internal. A call that was not permitted throws an
// ExtensionPermissionDeniedError. Asynchronous methods reject; the others throw at once.

/** A server handler: the default export of its file. */
type ExtensionHandler = (api: ExtensionServerAPI) => unknown

/** The request to answer. */
interface ExtensionRequest {
  /** Names this request in logs and in the audit. */
  readonly id: string
  /** GET, POST, PUT, PATCH or DELETE. */
  readonly method: string
  /** What follows the extension's id in the address, without the query. */
  readonly path: string
  /** The address in full, as the caller wrote it. */
  readonly url: string
  /** The query; the last value of a name wins. */
  readonly query: Record<string, string>
  /** The query with all values of each name. */
  readonly queryAll: Record<string, string[]>
  /** What the `:name` parts of the route matched. */
  readonly params: Record<string, string>
  /**
   * The header, names in lower case. `cookie` and Annex's own fields are left out, and so is
   * `authorization`, except on public routes, where it is the sender's own.
   */
  readonly headers: Record<string, string>
  /** Parsed for JSON, an object for a form, otherwise the text; `undefined` when it is empty. */
  readonly body: any
  /** The bytes of the body as they came, to check the signature of a webhook. */
  readonly rawBody: Uint8Array
}

/** The signed-in caller. */
interface ExtensionUser {
  readonly id: string
  readonly email: string
  readonly orgId: string
  readonly role: string
}

/** An answer that `api.response` made. It is a plain object. */
type ExtensionResponse =
  | { type: 'json'; data: any; status: number }
  | { type: 'error'; message: string; status: number }
  | { type: 'redirect'; url: string; status: number }

/**
 * Makes answers. A handler may also return a `Response`, a string (sent as text/plain), nothing
 * (status 204), or any other value, which is sent as JSON.
 */
interface ExtensionResponses {
  /** Sends data as JSON. The status is 200 unless given. */
  json(data: unknown, status?: number): ExtensionResponse
  /** Sends `{"error": message}`. The status is 500 unless given. */
  error(message: string, status?: number): ExtensionResponse
  /** Sends the caller to another address. The status is 302 unless given. */
  redirect(url: string, status?: number): ExtensionResponse
}

/** How to make a request, as in the standard `fetch`. */
interface FetchOptions {
  /** GET unless given; DELETE, GET, HEAD, OPTIONS, PATCH, POST or PUT. */
  method?: string
  /**
   * A plain object, a list of [name, value], or `Headers`. `{{secret:NAME}}` in a value stands for a secret that an
   * admin bound to the host: it is filled in on the way out and never seen here. Requires the `secrets:use` permission.
   */
  headers?: Record<string, string | undefined> | Iterable<readonly [string, string]> | Headers
  body?: string | ArrayBuffer | ArrayBufferView | URLSearchParams | null
  redirect?: 'follow' | 'manual' | 'error'
  /**
   * An `Authorization` field with a secret, which is never seen here: `Bearer` unless `scheme` says otherwise; `Basic`
   * for a secret of the form user:password. Requires the `secrets:use` permission.
   */
  auth?: { secret: string; scheme?: string } | null
  /** Ends the wait for the answer. */
  signal?: AbortSignal | null
}

/** An answer, read to its end. */
interface FetchResult {
  /** The status is 200 to 299. */
  readonly ok: boolean
  readonly status: number
  readonly statusText: string
  /** The address that answered, after redirects. */
  readonly url: string
  readonly redirected: boolean
  /** By name in lower case, and with the methods of `Headers`. Fields of one name are joined by ", ". */
  readonly headers: Readonly<Record<string, string>> & FetchHeaders
  /** The body as text. */
  readonly body: string
  text(): Promise<string>
  json<T = any>(): Promise<T>
  arrayBuffer(): Promise<ArrayBuffer>
}

/** What `headers` of an answer has beside the fields. */
interface FetchHeaders {
  get(name: string): string | null
  has(name: string): boolean
  forEach(callback: (value: string, name: string) => void): void
  entries(): IterableIterator<[string, string]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
  getSetCookie(): string[]
  [Symbol.iterator](): IterableIterator<[string, string]>
}

/** What a call throws that was not permitted. */
interface ExtensionPermissionDeniedError extends Error {
  readonly name: 'PermissionDeniedError'
  readonly code: 'denied'
  /** The missing permission. */
  readonly permission?: string
}

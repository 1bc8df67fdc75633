// Headers and Response, for what a handler returns.
//
// Evaluating a class costs a realm a microsecond for each member, and generators,
// async functions and patterns drag in prototypes of their own; so there are none
// here, and what checks texts is Go.
(function ({ iterator, toStringTag, encode, decode, bytesOf, isBytes, parseURL, formOf, headerName, headerValue, isStatusText }) {
  const nullBody = [101, 103, 204, 205, 304];

  // What fails in f is a rejection.
  const attempt = (f) => new Promise((resolve) => { resolve(f()); });

  class Headers {
    #fields = []; // [lower-case name, value]

    constructor(init = undefined) {
      if (init === undefined) return;
      if (typeof init !== "object" || init === null) throw new TypeError("Headers: the argument is not an object");
      if (init[iterator] !== undefined) {
        for (const pair of init) {
          const list = [...pair];
          if (list.length !== 2) throw new TypeError("Headers: each pair must be a name and a value");
          this.append(list[0], list[1]);
        }
        return;
      }
      for (const name of Object.keys(init)) this.append(name, init[name]);
    }

    static fieldsOf(headers) { return headers.#fields; }

    append(name, value) { this.#fields.push([headerName(`${name}`), headerValue(`${value}`)]); }

    delete(name) {
      const n = headerName(`${name}`);
      this.#fields = this.#fields.filter((f) => f[0] !== n);
    }

    get(name) {
      const n = headerName(`${name}`);
      const values = this.#fields.filter((f) => f[0] === n).map((f) => f[1]);
      return values.length > 0 ? values.join(", ") : null;
    }

    getSetCookie() { return this.#fields.filter((f) => f[0] === "set-cookie").map((f) => f[1]); }

    has(name) {
      const n = headerName(`${name}`);
      return this.#fields.some((f) => f[0] === n);
    }

    set(name, value) {
      const n = headerName(`${name}`), v = headerValue(`${value}`);
      const at = this.#fields.findIndex((f) => f[0] === n);
      if (at < 0) this.#fields.push([n, v]);
      else this.#fields = this.#fields.filter((f, i) => i <= at || f[0] !== n).map((f, i) => (i === at ? [n, v] : f));
    }

    forEach(callback, self = undefined) {
      for (const [name, value] of this) callback.call(self, value, name, this);
    }

    // The fields sorted and combined, as they are now.
    #list() {
      const names = [...new Set(this.#fields.map((f) => f[0]))].sort();
      return names.flatMap((name) => (name === "set-cookie" ? this.getSetCookie().map((v) => [name, v]) : [[name, this.get(name)]]));
    }

    entries() { return this.#list()[iterator](); }
    keys() { return this.#list().map((f) => f[0])[iterator](); }
    values() { return this.#list().map((f) => f[1])[iterator](); }
    get [toStringTag]() { return "Headers"; }
  }
  Object.defineProperty(Headers.prototype, iterator, { value: Headers.prototype.entries, configurable: true, writable: true });
  const { fieldsOf } = Headers;
  delete Headers.fieldsOf;

  // What a body is kept as, and the type that it brings.
  const readBody = (body) => {
    if (isBytes(body)) return [bytesOf(body).slice(0), undefined];
    const form = formOf(body);
    if (form !== undefined) return [form, "application/x-www-form-urlencoded;charset=UTF-8"];
    return [`${body}`, "text/plain;charset=UTF-8"];
  };

  class Response {
    #status = 200;
    #statusText = "";
    #headers;
    #body = null; // a string, an ArrayBuffer, or null
    #used = false;
    #type = "default";

    constructor(body = null, init = undefined) {
      const options = init ?? {};
      if (options.status !== undefined) this.#status = Number(options.status) & 0xffff;
      if (this.#status < 200 || this.#status > 599) throw new RangeError(`Response: the status ${this.#status} is not in 200 to 599`);
      if (options.statusText !== undefined) this.#statusText = `${options.statusText}`;
      if (!isStatusText(this.#statusText)) throw new TypeError("Response: the status text is malformed");
      this.#headers = new Headers(options.headers);
      if (body === null || body === undefined) return;
      if (nullBody.includes(this.#status)) throw new TypeError(`Response: a response of status ${this.#status} has no body`);
      const [kept, type] = readBody(body);
      this.#body = kept;
      if (type !== undefined && !this.#headers.has("content-type")) this.#headers.set("content-type", type);
    }

    static json(data, init = undefined) {
      const text = JSON.stringify(data);
      if (text === undefined) throw new TypeError("Response.json: the data is not JSON");
      const response = new Response(text, { ...init, headers: undefined });
      const headers = new Headers(init?.headers);
      if (!headers.has("content-type")) headers.set("content-type", "application/json");
      response.#headers = headers;
      return response;
    }

    static error() {
      const response = new Response();
      response.#status = 0;
      response.#type = "error";
      return response;
    }

    // A relative address is kept as it is: there is no page that it could be
    // relative to, and the client knows the one that it asked for.
    static redirect(address, status = 302) {
      if (![301, 302, 303, 307, 308].includes(Number(status))) throw new RangeError(`Response.redirect: ${status} is not a status of a redirect`);
      const response = new Response(null, { status });
      response.#headers.set("location", parseURL(`${address}`)?.href ?? `${address}`);
      return response;
    }

    // What the host is sent: [status, body, name, value, …], or undefined.
    static describe(value) {
      if (typeof value !== "object" || value === null || !(#status in value)) return undefined;
      const list = [value.#status, value.#body];
      for (const [name, text] of fieldsOf(value.#headers)) list.push(name, text);
      return list;
    }

    get status() { return this.#status; }
    get ok() { return this.#status >= 200 && this.#status <= 299; }
    get statusText() { return this.#statusText; }
    get headers() { return this.#headers; }
    get type() { return this.#type; }
    get url() { return ""; }
    get redirected() { return false; }
    get bodyUsed() { return this.#used; }

    #take() {
      if (this.#used) throw new TypeError("Response: the body has been read already");
      this.#used = this.#body !== null;
      return this.#body ?? "";
    }

    #bytes() {
      const body = this.#take();
      return typeof body === "string" ? encode(body) : body.slice(0);
    }

    #text() {
      const body = this.#take();
      return typeof body === "string" ? body : decode(body);
    }

    arrayBuffer() { return attempt(() => this.#bytes()); }
    bytes() { return attempt(() => new Uint8Array(this.#bytes())); }
    text() { return attempt(() => this.#text()); }
    json() { return attempt(() => JSON.parse(this.#text())); }

    clone() {
      if (this.#used) throw new TypeError("Response.clone: the body has been read already");
      const copy = new Response(null, { status: this.#status || 200, statusText: this.#statusText, headers: this.#headers });
      copy.#status = this.#status;
      copy.#type = this.#type;
      copy.#body = this.#body;
      return copy;
    }

    get [toStringTag]() { return "Response"; }
  }
  const { describe } = Response;
  delete Response.describe;

  return { Headers, Response, describe };
})

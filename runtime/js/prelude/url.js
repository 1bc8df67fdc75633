// URL and URLSearchParams. The parser is Go's: a URL is kept as its parts, and
// a setter sends the address through the parser again.
(function ({ iterator, toStringTag, secret, parse, change, parseQuery, formatQuery }) {
  // An iterator over what at gives for 0, 1, 2, … until it gives undefined.
  const iterate = (at) => {
    let next = 0;
    const self = {
      next() {
        const value = at(next++);
        return { value, done: value === undefined };
      },
      [iterator]() { return self; },
    };
    return self;
  };

  const invalid = (input) => {
    const error = new TypeError("Invalid URL");
    error.code = "ERR_INVALID_URL";
    error.input = input;
    return error;
  };

  class URLSearchParams {
    #pairs = []; // [name, value]
    #changed; // tells the URL that it belongs to

    constructor(init = "") {
      if (typeof init === "object" && init !== null || typeof init === "function") {
        const method = init[iterator];
        if (method !== undefined && method !== null) {
          for (const pair of init) {
            const list = [...pair];
            if (list.length !== 2) throw new TypeError("URLSearchParams: each pair must be a name and a value");
            this.#pairs.push([`${list[0]}`, `${list[1]}`]);
          }
        } else {
          for (const key of Object.keys(init)) this.#pairs.push([key, `${init[key]}`]);
        }
        return;
      }
      const text = `${init}`;
      this.#pairs = parseQuery(text.startsWith("?") ? text.slice(1) : text);
    }

    static [secret](params, changed) { params.#changed = changed; }
    [secret](query) { this.#pairs = parseQuery(query); }

    #update() { this.#changed?.(formatQuery(this.#pairs)); }

    append(name, value) {
      this.#pairs.push([`${name}`, `${value}`]);
      this.#update();
    }

    delete(name, value = undefined) {
      const n = `${name}`, v = value === undefined ? undefined : `${value}`;
      this.#pairs = this.#pairs.filter((p) => p[0] !== n || (v !== undefined && p[1] !== v));
      this.#update();
    }

    get(name) {
      const n = `${name}`;
      return this.#pairs.find((p) => p[0] === n)?.[1] ?? null;
    }

    getAll(name) {
      const n = `${name}`;
      return this.#pairs.filter((p) => p[0] === n).map((p) => p[1]);
    }

    has(name, value = undefined) {
      const n = `${name}`, v = value === undefined ? undefined : `${value}`;
      return this.#pairs.some((p) => p[0] === n && (v === undefined || p[1] === v));
    }

    set(name, value) {
      const n = `${name}`, v = `${value}`;
      const at = this.#pairs.findIndex((p) => p[0] === n);
      if (at < 0) this.#pairs.push([n, v]);
      else this.#pairs = this.#pairs.filter((p, i) => i <= at || p[0] !== n).map((p, i) => (i === at ? [n, v] : p));
      this.#update();
    }

    sort() {
      this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
      this.#update();
    }

    forEach(callback, self = undefined) {
      if (typeof callback !== "function") throw new TypeError("URLSearchParams.forEach: the callback is not a function");
      for (const [name, value] of this) callback.call(self, value, name, this);
    }

    // Pairs that are added or deleted meanwhile are seen, as the standard says.
    entries() { return iterate((i) => this.#pairs[i]?.slice()); }
    keys() { return iterate((i) => this.#pairs[i]?.[0]); }
    values() { return iterate((i) => this.#pairs[i]?.[1]); }

    get size() { return this.#pairs.length; }
    toString() { return formatQuery(this.#pairs); }
    static formOf(value) { return typeof value === "object" && value !== null && #pairs in value ? formatQuery(value.#pairs) : undefined; }
    get [toStringTag]() { return "URLSearchParams"; }
  }
  Object.defineProperty(URLSearchParams.prototype, iterator, { value: URLSearchParams.prototype.entries, configurable: true, writable: true });

  // The text of a URLSearchParams, whatever its toString was made to say.
  const { formOf } = URLSearchParams;
  delete URLSearchParams.formOf;

  const attach = URLSearchParams[secret];
  const reload = URLSearchParams.prototype[secret];
  delete URLSearchParams[secret];
  delete URLSearchParams.prototype[secret];

  const first = (address, base) => parse(`${address}`, base === undefined ? undefined : `${base}`);

  class URL {
    #parts;
    #searchParams;

    constructor(address, base = undefined) {
      this.#parts = first(address, base);
      if (!this.#parts) throw invalid(`${address}`);
    }

    static canParse(address, base = undefined) { return first(address, base) !== undefined; }

    static parse(address, base = undefined) {
      return URL.canParse(address, base) ? new URL(address, base) : null;
    }

    #change(part, value) {
      this.#parts = change(this.#parts.href, part, `${value}`) ?? this.#parts;
      if (part === "search" && this.#searchParams) reload.call(this.#searchParams, this.#parts.search.slice(1));
    }

    get href() { return this.#parts.href; }
    set href(value) {
      const parts = first(value);
      if (!parts) throw invalid(`${value}`);
      this.#parts = parts;
      if (this.#searchParams) reload.call(this.#searchParams, parts.search.slice(1));
    }

    get origin() { return this.#parts.origin; }
    get protocol() { return this.#parts.protocol; }
    set protocol(value) { this.#change("protocol", value); }
    get username() { return this.#parts.username; }
    set username(value) { this.#change("username", value); }
    get password() { return this.#parts.password; }
    set password(value) { this.#change("password", value); }
    get host() { return this.#parts.host; }
    set host(value) { this.#change("host", value); }
    get hostname() { return this.#parts.hostname; }
    set hostname(value) { this.#change("hostname", value); }
    get port() { return this.#parts.port; }
    set port(value) { this.#change("port", value); }
    get pathname() { return this.#parts.pathname; }
    set pathname(value) { this.#change("pathname", value); }
    get search() { return this.#parts.search; }
    set search(value) { this.#change("search", value); }
    get hash() { return this.#parts.hash; }
    set hash(value) { this.#change("hash", value); }

    get searchParams() {
      if (!this.#searchParams) {
        this.#searchParams = new URLSearchParams(this.#parts.search);
        attach(this.#searchParams, (query) => {
          this.#parts = change(this.#parts.href, "search", query) ?? this.#parts;
        });
      }
      return this.#searchParams;
    }

    toString() { return this.#parts.href; }
    toJSON() { return this.#parts.href; }
    get [toStringTag]() { return "URL"; }
  }

  return { URL, URLSearchParams, formOf };
})

// AbortController and AbortSignal, with as much of EventTarget as they need.
(function ({ toStringTag, secret, setTimeout, DOMException }) {
  class AbortSignal {
    #reason;
    #aborted = false;
    #listeners = []; // {callback, once}
    #dependents = []; // signals made of this one by AbortSignal.any
    onabort = null;

    constructor(key) {
      if (key !== secret) throw new TypeError("Illegal constructor");
    }

    get aborted() { return this.#aborted; }
    get reason() { return this.#reason; }

    throwIfAborted() {
      if (this.#aborted) throw this.#reason;
    }

    addEventListener(type, callback, options = undefined) {
      if (type !== "abort" || callback === null || callback === undefined) return;
      if (this.#listeners.some((l) => l.callback === callback)) return;
      const signal = typeof options === "object" ? options?.signal : undefined;
      if (signal?.aborted) return;
      signal?.addEventListener("abort", () => this.removeEventListener(type, callback));
      this.#listeners.push({ callback, once: Boolean(typeof options === "object" && options?.once) });
    }

    removeEventListener(type, callback) {
      if (type === "abort") this.#listeners = this.#listeners.filter((l) => l.callback !== callback);
    }

    dispatchEvent(event) {
      if (event?.type !== "abort") return true;
      for (const listener of [...this.#listeners]) {
        if (listener.once) this.removeEventListener("abort", listener.callback);
        const { callback } = listener;
        if (typeof callback === "function") callback.call(this, event);
        else callback.handleEvent(event);
      }
      if (typeof this.onabort === "function") this.onabort.call(this, event);
      return true;
    }

    static #abort(signal, reason) {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason = reason === undefined ? new DOMException("This operation was aborted", "AbortError") : reason;
      const dependents = signal.#dependents;
      signal.#dependents = [];
      signal.dispatchEvent({ type: "abort", target: signal, currentTarget: signal });
      for (const dependent of dependents) AbortSignal.#abort(dependent, signal.#reason);
    }

    static [secret](signal, reason) { AbortSignal.#abort(signal, reason); }

    static abort(reason = undefined) {
      const signal = new AbortSignal(secret);
      AbortSignal.#abort(signal, reason);
      return signal;
    }

    static timeout(milliseconds) {
      const delay = Number(milliseconds);
      if (!(delay >= 0)) throw new TypeError("AbortSignal.timeout: the delay is not a number of milliseconds");
      const signal = new AbortSignal(secret);
      setTimeout(() => AbortSignal.#abort(signal, new DOMException("The operation timed out", "TimeoutError")), delay);
      return signal;
    }

    static any(signals) {
      const combined = new AbortSignal(secret);
      const list = [...signals];
      const aborted = list.find((signal) => signal.aborted);
      if (aborted) AbortSignal.#abort(combined, aborted.reason);
      else for (const signal of list) signal.#dependents.push(combined);
      return combined;
    }

    get [toStringTag]() { return "AbortSignal"; }
  }

  const abort = AbortSignal[secret];
  delete AbortSignal[secret];

  class AbortController {
    #signal = new AbortSignal(secret);

    get signal() { return this.#signal; }
    abort(reason = undefined) { abort(this.#signal, reason); }
    get [toStringTag]() { return "AbortController"; }
  }

  return { AbortController, AbortSignal };
})

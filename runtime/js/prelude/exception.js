// DOMException, as the platform throws it.
(function ({ toStringTag }) {
  const codes = {
    IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4,
    InvalidCharacterError: 5, NoModificationAllowedError: 7, NotFoundError: 8,
    NotSupportedError: 9, InUseAttributeError: 10, InvalidStateError: 11,
    SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14,
    InvalidAccessError: 15, TypeMismatchError: 17, SecurityError: 18,
    NetworkError: 19, AbortError: 20, URLMismatchError: 21,
    QuotaExceededError: 22, TimeoutError: 23, InvalidNodeTypeError: 24,
    DataCloneError: 25,
  };

  class DOMException extends Error {
    #name;

    constructor(message = "", options = "Error") {
      const isObject = typeof options === "object" && options !== null;
      super(`${message}`);
      this.#name = `${isObject ? options.name ?? "Error" : options}`;
      if (isObject && "cause" in options) {
        Object.defineProperty(this, "cause", { value: options.cause, configurable: true, writable: true });
      }
    }

    get name() { return this.#name; }
    get code() { return codes[this.#name] ?? 0; }
    get [toStringTag]() { return "DOMException"; }
  }

  return { DOMException };
})

// structuredClone, without transfer: what is transferred is copied.
(function ({ kindOf, DOMException }) {
  const typed = Object.getPrototypeOf(Uint8Array);
  const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
  const { hasOwnProperty } = Object.prototype;

  const refuse = (value, what) => {
    throw new DOMException(`${what} could not be cloned`, "DataCloneError");
  };

  const cloneError = (value, clone) => {
    const name = `${value.name}`;
    const copy = Object.create((errors[name] ?? Error).prototype);
    const made = Reflect.construct(Error, [], Object);
    Object.setPrototypeOf(made, Object.getPrototypeOf(copy));
    for (const key of ["message", "stack"]) {
      if (value[key] !== undefined) {
        Object.defineProperty(made, key, { value: `${value[key]}`, configurable: true, writable: true });
      }
    }
    if (hasOwnProperty.call(value, "cause")) {
      Object.defineProperty(made, "cause", { value: clone(value.cause), configurable: true, writable: true });
    }
    return made;
  };

  const cloneView = (value, clone) => {
    const buffer = clone(value.buffer);
    return value instanceof DataView
      ? new DataView(buffer, value.byteOffset, value.byteLength)
      : new globalThis[value[Symbol.toStringTag]](buffer, value.byteOffset, value.length);
  };

  // The kinds that look like plain objects from outside: their own methods know.
  const brands = [["WeakMap", WeakMap.prototype.has], ["WeakSet", WeakSet.prototype.has]];
  const brandOf = (value) => brands.find(([, has]) => {
    try { has.call(value, value); return true; } catch { return false; }
  })?.[0];

  // Makes the empty copy of an object, and says what fills it.
  const shapes = {
    Boolean: (value) => Object(Boolean.prototype.valueOf.call(value)),
    Number: (value) => Object(Number.prototype.valueOf.call(value)),
    String: (value) => Object(String.prototype.valueOf.call(value)),
    Date: (value) => new Date(Date.prototype.getTime.call(value)),
    RegExp: (value) => new RegExp(value.source, value.flags),
    ArrayBuffer: (value) => value.slice(0),
  };

  const structuredClone = function structuredClone(root) {
    if (arguments.length === 0) throw new TypeError("structuredClone: an argument is missing");
    const seen = new Map();

    const clone = (value) => {
      if (typeof value === "function") refuse(value, `${value.name || "a function"}`);
      if (typeof value === "symbol") refuse(value, value.toString());
      if (typeof value !== "object" || value === null) return value;
      if (seen.has(value)) return seen.get(value);
      const keep = (copy) => { seen.set(value, copy); return copy; };

      const kind = (kindOf(value) === "Object" && brandOf(value)) || kindOf(value);
      if (shapes[kind]) return keep(shapes[kind](value));
      switch (kind) {
        case "View":
          return keep(cloneView(value, clone));
        case "Error":
          return keep(cloneError(value, clone));
        case "Map": {
          const copy = keep(new Map());
          for (const [k, v] of [...Map.prototype.entries.call(value)]) copy.set(clone(k), clone(v));
          return copy;
        }
        case "Set": {
          const copy = keep(new Set());
          for (const v of [...Set.prototype.values.call(value)]) copy.add(clone(v));
          return copy;
        }
        case "Array":
        case "Object": {
          const copy = keep(kind === "Array" ? new Array(value.length) : {});
          for (const key of Object.keys(value)) {
            Object.defineProperty(copy, key, { value: clone(value[key]), configurable: true, enumerable: true, writable: true });
          }
          return copy;
        }
      }
      return refuse(value, `#<${kind}>`);
    };
    return clone(root);
  };

  return { structuredClone };
})

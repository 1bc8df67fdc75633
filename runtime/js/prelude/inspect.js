// What console shows of values: close to what Node shows, on few lines.
(function ({ kindOf }) {
  const maxDepth = 4;
  const maxItems = 100;
  const maxString = 10000;
  const name = /^[A-Za-z_$][\w$]*$/;

  const quote = (text) => "'" + text.replace(/[\\'\n\r\t]/g, (c) => ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" })[c] ?? "\\" + c) + "'";

  const simple = (value) => {
    switch (typeof value) {
      case "string": return quote(value.length > maxString ? value.slice(0, maxString) + "…" : value);
      case "bigint": return `${value}n`;
      case "symbol": return value.toString();
      case "number": return Object.is(value, -0) ? "-0" : `${value}`;
      default: return `${value}`;
    }
  };

  const className = (value) => {
    for (let proto = Object.getPrototypeOf(value); proto !== null; proto = Object.getPrototypeOf(proto)) {
      const constructor = Object.getOwnPropertyDescriptor(proto, "constructor")?.value;
      if (typeof constructor === "function" && constructor.name !== "") return constructor.name;
    }
    return "[Object: null prototype]";
  };

  const property = (owner, key, show) => {
    const { get, set, value } = Object.getOwnPropertyDescriptor(owner, key) ?? {};
    if (get) return set ? "[Getter/Setter]" : "[Getter]";
    return set ? "[Setter]" : show(value);
  };

  const isIndex = (key) => String(key >>> 0) === key;

  // The parts between the braces of an object of some kind.
  const contents = (value, kind, show) => {
    const parts = [];
    const take = (iterable, format) => {
      for (const item of iterable) {
        if (parts.length >= maxItems) { parts.push("…"); return; }
        parts.push(format(item));
      }
    };
    if (kind === "Map") take(Map.prototype.entries.call(value), ([k, v]) => `${show(k)} => ${show(v)}`);
    if (kind === "Set") take(Set.prototype.values.call(value), show);
    if (kind === "View" && !(value instanceof DataView)) take(value, show);
    const isList = kind === "Array" || kind === "View";
    if (kind === "Array") {
      for (let i = 0; i < value.length && i < maxItems; i++) parts.push(i in value ? property(value, `${i}`, show) : "<empty>");
      if (value.length > maxItems) parts.push(`… ${value.length - maxItems} more`);
    }
    const keys = [...Object.keys(value), ...Object.getOwnPropertySymbols(value)];
    take(keys.filter((key) => !(isList && typeof key === "string" && isIndex(key))),
      (key) => `${typeof key === "symbol" ? `[${key.toString()}]` : name.test(key) ? key : quote(key)}: ${property(value, key, show)}`);
    return parts;
  };

  const wrap = (open, parts, close, indent) => {
    if (parts.length === 0) return open.trimEnd() + close;
    const line = parts.join(", ");
    if (line.length <= 72 && !line.includes("\n")) return close === "]" ? `${open} ${line} ]` : `${open} ${line} ${close}`;
    return `${open}\n${indent}  ${parts.join(`,\n${indent}  `)}\n${indent}${close}`;
  };

  const inspectObject = (value, seen, indent) => {
    if (seen.includes(value)) return "[Circular]";
    const kind = kindOf(value);
    if (typeof value === "function") {
      return /^class\b/.test(Function.prototype.toString.call(value)) ? `[class ${value.name || "(anonymous)"}]` : `[Function: ${value.name || "(anonymous)"}]`;
    }
    if (kind === "Date") return Number.isNaN(Date.prototype.getTime.call(value)) ? "Invalid Date" : Date.prototype.toISOString.call(value);
    if (kind === "RegExp") return RegExp.prototype.toString.call(value);
    if (kind === "Boolean" || kind === "Number" || kind === "String") return `[${kind}: ${simple(value.valueOf())}]`;
    if (seen.length >= maxDepth) return kind === "Array" ? "[Array]" : `[${className(value)}]`;
    const inner = [...seen, value];
    const parts = contents(value, kind, (v) => inspect(v, inner, `${indent}  `));
    if (kind === "Error") {
      const text = typeof value.stack === "string" && value.stack !== "" ? value.stack.trimEnd() : `${value.name}: ${value.message}`;
      if (Object.getOwnPropertyDescriptor(value, "cause")) parts.push(`[cause]: ${inspect(value.cause, inner, `${indent}  `)}`);
      return parts.length === 0 ? text : wrap(`${text} {`, parts, "}", indent);
    }
    if (kind === "Array") return wrap(value.constructor === Array ? "[" : `${className(value)}(${value.length}) [`, parts, "]", indent);
    if (kind === "Map" || kind === "Set") return wrap(`${className(value)}(${value.size}) {`, parts, "}", indent);
    if (kind === "View") return wrap(`${className(value)}(${value.length ?? value.byteLength}) [`, parts, "]", indent);
    if (kind === "ArrayBuffer") return `ArrayBuffer { byteLength: ${value.byteLength} }`;
    if (kind === "Promise") return "Promise {}";
    const title = className(value);
    return wrap(title === "Object" ? "{" : `${title} {`, parts, "}", indent);
  };

  const inspect = (value, seen, indent) => {
    if (typeof value !== "function" && (typeof value !== "object" || value === null)) return simple(value);
    try {
      return inspectObject(value, seen, indent);
    } catch (error) {
      return "[not printable]";
    }
  };

  const show = (value) => (typeof value === "string" ? value : inspect(value, [], ""));

  const directives = {
    s: (value) => (typeof value === "object" && value !== null ? inspect(value, [], "") : typeof value === "bigint" ? `${value}n` : String(value)),
    d: (value) => (typeof value === "bigint" ? `${value}n` : typeof value === "symbol" ? "NaN" : `${Number(value)}`),
    i: (value) => (typeof value === "bigint" ? `${value}n` : `${Number.parseInt(String(value), 10)}`),
    f: (value) => `${Number.parseFloat(String(value))}`,
    j: (value) => JSON.stringify(value),
    o: (value) => inspect(value, [], ""),
    O: (value) => inspect(value, [], ""),
    c: () => "",
  };

  // The text of a call of console.log.
  const format = (...values) => {
    if (typeof values[0] !== "string" || values.length === 1) return values.map(show).join(" ");
    let next = 1;
    const text = values[0].replace(/%([%sdifjoOc])/g, (whole, directive) => {
      if (directive === "%") return "%";
      return next < values.length ? directives[directive](values[next++]) : whole;
    });
    return [text, ...values.slice(next).map(show)].join(" ");
  };

  return { format, inspect: (value) => inspect(value, [], "") };
})

// TextEncoder and TextDecoder.
(function ({ toStringTag, encode, label, decode, bytesOf }) {
  class TextEncoder {
    get encoding() { return "utf-8"; }

    encode(text = "") { return new Uint8Array(encode(`${text}`)); }

    encodeInto(text, target) {
      if (!(target instanceof Uint8Array)) throw new TypeError("TextEncoder.encodeInto: the target is not a Uint8Array");
      let read = 0, written = 0;
      for (const character of `${text}`) {
        const bytes = new Uint8Array(encode(character));
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        read += character.length;
        written += bytes.length;
      }
      return { read, written };
    }

    get [toStringTag]() { return "TextEncoder"; }
  }

  class TextDecoder {
    #encoding;
    #fatal;
    #ignoreBOM;
    #pending = new Uint8Array(0); // an incomplete character of the stream
    #begun = false; // the place for a byte order mark is past

    constructor(encoding = "utf-8", options = undefined) {
      this.#encoding = label(`${encoding}`);
      if (!this.#encoding) throw new RangeError(`TextDecoder: the encoding "${encoding}" is not supported`);
      this.#fatal = Boolean(options?.fatal);
      this.#ignoreBOM = Boolean(options?.ignoreBOM);
    }

    get encoding() { return this.#encoding; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#ignoreBOM; }

    decode(input = new Uint8Array(0), options = undefined) {
      const chunk = new Uint8Array(bytesOf(input));
      const stream = Boolean(options?.stream);
      const bytes = new Uint8Array(this.#pending.length + chunk.length);
      bytes.set(this.#pending);
      bytes.set(chunk, this.#pending.length);

      const [text, used, malformed] = decode(this.#encoding, bytes.buffer, stream);
      this.#pending = stream ? bytes.slice(used) : new Uint8Array(0);
      if (malformed && this.#fatal) {
        this.#pending = new Uint8Array(0);
        this.#begun = false;
        throw new TypeError("TextDecoder.decode: the data is not valid for encoding " + this.#encoding);
      }
      const marked = !this.#begun && !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff;
      this.#begun = stream && (this.#begun || text.length > 0);
      return marked ? text.slice(1) : text;
    }

    get [toStringTag]() { return "TextDecoder"; }
  }

  return { TextEncoder, TextDecoder };
})

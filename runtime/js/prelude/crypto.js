// crypto: random values, digests, and HMAC.
(function ({ toStringTag, secret, fill, uuid, digest, hmac, equal, bytesOf, toBase64URL, fromBase64URL, DOMException }) {
  const blockBytes = { "SHA-1": 64, "SHA-256": 64, "SHA-384": 128, "SHA-512": 128 };
  const jwkAlgorithms = { "SHA-1": "HS1", "SHA-256": "HS256", "SHA-384": "HS384", "SHA-512": "HS512" };

  const fail = (name, message) => { throw new DOMException(message, name); };

  const nameOf = (algorithm) => `${typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm}`.toUpperCase();

  const hashOf = (algorithm) => {
    const name = nameOf(algorithm);
    if (!blockBytes[name]) fail("NotSupportedError", `the digest algorithm "${name}" is not supported`);
    return name;
  };

  const isHMAC = (algorithm) => {
    if (nameOf(algorithm) !== "HMAC") fail("NotSupportedError", `the algorithm "${nameOf(algorithm)}" is not supported`);
  };

  class CryptoKey {
    #bytes;
    #about;

    constructor(key, bytes, hash, extractable, usages) {
      if (key !== secret) throw new TypeError("Illegal constructor");
      this.#bytes = bytes;
      const algorithm = { name: "HMAC", hash: { name: hash }, length: bytes.byteLength * 8 };
      this.#about = { algorithm, extractable: Boolean(extractable), usages };
    }

    static [secret](key) { return key.#bytes; }

    get type() { return "secret"; }
    get extractable() { return this.#about.extractable; }
    get algorithm() { return this.#about.algorithm; }
    get usages() { return [...this.#about.usages]; }
    get [toStringTag]() { return "CryptoKey"; }
  }
  const material = CryptoKey[secret];
  delete CryptoKey[secret];

  const makeKey = (bytes, algorithm, extractable, usages) => {
    isHMAC(algorithm);
    const hash = hashOf(algorithm.hash);
    const list = [...usages].map(String);
    if (list.length === 0 || list.some((u) => u !== "sign" && u !== "verify")) {
      fail("SyntaxError", "the usages of an HMAC key are sign and verify");
    }
    if (bytes.byteLength === 0) fail("DataError", "the key is empty");
    return new CryptoKey(secret, bytes, hash, extractable, list);
  };

  const use = (algorithm, key, usage) => {
    isHMAC(algorithm);
    if (!key.usages.includes(usage)) fail("InvalidAccessError", `the key must not be used to ${usage}`);
    return [key.algorithm.hash.name, material(key)];
  };

  class SubtleCrypto {
    constructor(key) {
      if (key !== secret) throw new TypeError("Illegal constructor");
    }

    async digest(algorithm, data) { return digest(hashOf(algorithm), bytesOf(data)); }

    async importKey(format, data, algorithm, extractable, usages) {
      if (format === "raw") return makeKey(bytesOf(data).slice(0), algorithm, extractable, usages);
      if (format !== "jwk") fail("NotSupportedError", `the key format "${format}" is not supported`);
      if (data?.kty !== "oct" || typeof data.k !== "string") fail("DataError", "the JWK is not a symmetric key");
      const bytes = fromBase64URL(data.k);
      if (!bytes) fail("DataError", "the JWK's key is not base64url");
      const key = makeKey(bytes, algorithm, extractable, usages);
      if (data.alg !== undefined && data.alg !== jwkAlgorithms[key.algorithm.hash.name]) fail("DataError", "the JWK is for another algorithm");
      return key;
    }

    async exportKey(format, key) {
      const bytes = material(key);
      if (!key.extractable) fail("InvalidAccessError", "the key is not extractable");
      if (format === "raw") return bytes.slice(0);
      if (format !== "jwk") fail("NotSupportedError", `the key format "${format}" is not supported`);
      return { kty: "oct", k: toBase64URL(bytes), alg: jwkAlgorithms[key.algorithm.hash.name], key_ops: key.usages, ext: true };
    }

    async generateKey(algorithm, extractable, usages) {
      isHMAC(algorithm);
      const length = algorithm.length === undefined ? blockBytes[hashOf(algorithm.hash)] : Math.ceil(algorithm.length / 8);
      if (!(length > 0 && length <= 1024)) fail("OperationError", "the length of the key is out of range");
      const bytes = new Uint8Array(length);
      fill(bytes);
      return makeKey(bytes.buffer, algorithm, extractable, usages);
    }

    async sign(algorithm, key, data) {
      const [hash, bytes] = use(algorithm, key, "sign");
      return hmac(hash, bytes, bytesOf(data));
    }

    async verify(algorithm, key, signature, data) {
      const [hash, bytes] = use(algorithm, key, "verify");
      return equal(hmac(hash, bytes, bytesOf(data)), bytesOf(signature));
    }

    get [toStringTag]() { return "SubtleCrypto"; }
  }

  class Crypto {
    #subtle = new SubtleCrypto(secret);

    constructor(key) {
      if (key !== secret) throw new TypeError("Illegal constructor");
    }

    get subtle() { return this.#subtle; }

    getRandomValues(array) {
      if (!ArrayBuffer.isView(array) || array instanceof DataView || array instanceof Float32Array || array instanceof Float64Array) {
        fail("TypeMismatchError", "crypto.getRandomValues fills arrays of integers");
      }
      if (array.byteLength > 65536) fail("QuotaExceededError", "crypto.getRandomValues fills 65,536 bytes at most");
      fill(array);
      return array;
    }

    randomUUID() { return uuid(); }
    get [toStringTag]() { return "Crypto"; }
  }

  return { crypto: new Crypto(secret), Crypto, CryptoKey, SubtleCrypto };
})

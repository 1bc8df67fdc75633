/** How far the sender's clock may be from ours, and for how long a delivery can be sent again, in seconds. */
export const TOLERANCE = 5 * 60;

/** A signature field: "t=1700000000,v1=<hex>". While the sender changes its key there is one v1 for each. */
interface Signature {
  time: number;
  macs: Uint8Array[];
}

export function parse(field: string): Signature | undefined {
  const signature: Signature = { time: NaN, macs: [] };
  for (const part of field.split(',').slice(0, 8)) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim();
    const value = part.slice(at + 1).trim();
    if (name === 't' && /^\d{1,12}$/.test(value)) signature.time = Number(value);
    if (name === 'v1' && /^[0-9a-f]{64}$/i.test(value)) signature.macs.push(bytesOfHex(value));
  }
  return Number.isNaN(signature.time) || signature.macs.length === 0 ? undefined : signature;
}

/**
 * Whether the body was signed with the key: HMAC-SHA256 over "<id>.<time>.<body>". The bytes of the body as they came are
 * what was signed; a body that was parsed and written again is another one. The id is in it, or else who has seen a delivery could
 * send it again as another one. verify compares in constant time.
 */
export async function verify(key: string, id: string, signature: Signature, rawBody: Uint8Array): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', new TextEncoder().encode(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  const prefix = new TextEncoder().encode(`${id}.${signature.time}.`);
  const signed = new Uint8Array(prefix.length + rawBody.length);
  signed.set(prefix);
  signed.set(rawBody, prefix.length);
  for (const mac of signature.macs) {
    if (await crypto.subtle.verify('HMAC', imported, mac as BufferSource, signed)) return true;
  }
  return false;
}

function bytesOfHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

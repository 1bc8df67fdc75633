import { TOLERANCE, parse, verify } from './signature';

const DAYS = 24 * 3600;

/** Anyone can call this. Nothing is believed, stored or parsed before the signature is right. */
export default async function receive({ request, response, secrets, storage }: ExtensionServerAPI) {
  const key = await secrets.get('signing_key');
  if (key === undefined) return response.error('no signing key is set', 503);

  const id = request.headers['webhook-id'] ?? '';
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) return response.error('webhook-id is missing', 400);
  const signature = parse(request.headers['webhook-signature'] ?? '');
  if (signature === undefined || !(await verify(key, id, signature, request.rawBody))) return response.error('wrong signature', 401);
  if (Math.abs(Date.now() / 1000 - signature.time) > TOLERANCE) return response.error('too old', 401);

  const { type } = (request.body ?? {}) as { type?: unknown };
  const delivery = { type: String(type ?? 'unknown'), at: signature.time };

  // Senders try again until they get an answer: the same delivery counts once, and is stored in the same step.
  const first = await storage.compareAndSet(`delivery/${id}`, undefined, delivery);
  if (!first) return response.json({ received: false, duplicate: true });
  await storage.set(`delivery/${id}`, delivery, { expiresIn: 30 * DAYS });
  return response.json({ received: true });
}

/** The other service. */
const PROVIDER = 'https://provider.example';

export const AUTHORIZE = `${PROVIDER}/authorize`;
export const PROFILE = `${PROVIDER}/me`;

/** What is kept of the connection beside its tokens, which are secrets. */
export interface Connection {
  by: string;
  expiresAt: number; // milliseconds since 1970, of the access token
}

/** A flow that has begun: what the callback must find again. */
export interface Flow {
  by: string;
  verifier: string;
}

/** How long a flow may take, in seconds. */
export const FLOW_TIME = 600;

export const flowKey = (state: string) => `flow/${state}`;

type API = Pick<ExtensionServerAPI, 'config' | 'http' | 'secrets' | 'storage'>;

/** Asks the provider for tokens, by a code or a refresh token, and keeps them. Returns the access token. */
export async function takeTokens(api: API, grant: Record<string, string>, by: string): Promise<string> {
  const answer = await post(api, '/token', grant);
  if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
  const got = await answer.json<{ access_token?: unknown; refresh_token?: unknown; expires_in?: unknown }>();
  if (typeof got.access_token !== 'string') throw new Error('the provider gave no token');
  await api.secrets.set('access_token', got.access_token);
  // A provider that rotates refresh tokens gives another one each time; the old one is spent.
  if (typeof got.refresh_token === 'string') await api.secrets.set('refresh_token', got.refresh_token);
  const lifetime = typeof got.expires_in === 'number' ? got.expires_in : 300;
  const connection: Connection = { by, expiresAt: Date.now() + lifetime * 1000 };
  await api.storage.set('connection', connection);
  return got.access_token;
}

/** How long one invocation may keep the others from refreshing, in milliseconds: no longer than it can live. */
const LEASE = 30_000;

/**
 * Returns an access token in place of one that is spent. A provider that rotates refresh tokens takes each once, and may
 * end the connection when one comes again: of invocations at the same time one refreshes, and the others wait for it.
 */
export async function refresh(api: API, spent: string | undefined): Promise<string> {
  const { secrets, storage } = api;
  let until: number;
  for (;;) {
    const held = (await storage.get('refreshing')) as number | undefined;
    until = Date.now() + LEASE;
    if ((held === undefined || held < Date.now()) && (await storage.compareAndSet('refreshing', held, until))) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  try {
    const connection = (await storage.get('connection')) as Connection | undefined;
    const kept = await secrets.get('access_token');
    if (kept !== undefined && kept !== spent) return kept; // another invocation has just got it
    const token = await secrets.get('refresh_token');
    if (connection === undefined || token === undefined) throw new Error('there is no refresh token');
    return await takeTokens(api, { grant_type: 'refresh_token', refresh_token: token }, connection.by);
  } finally {
    await storage.compareAndSet('refreshing', until, undefined);
  }
}

/** Sends a form to the provider as this client. */
export async function post({ config, http, secrets }: API, path: string, form: Record<string, string>) {
  const secret = await secrets.get('client_secret');
  if (secret === undefined) throw new Error('no client_secret is set');
  return http.fetch(PROVIDER + path, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${encodeURIComponent(String(config.clientId))}:${encodeURIComponent(secret)}`)}` },
    body: new URLSearchParams(form),
  });
}

/** Random text for a URL: 256 bits. */
export function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** The challenge of PKCE: only who has the verifier can use the code. */
export async function challenge(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

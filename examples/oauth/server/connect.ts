import { AUTHORIZE, FLOW_TIME, challenge, flowKey, random, type Flow } from './provider';

/** Begins a flow: answers with the address to open in a browser. */
export default async function connect({ config, response, storage, user }: ExtensionServerAPI) {
  if (user?.role !== 'admin') return response.error('only an admin may connect an account', 403);
  if (!config.clientId || !config.redirectUri) return response.error('clientId and redirectUri are not configured', 409);

  const state = random();
  const flow: Flow = { by: user.id, verifier: random() };
  await storage.set(flowKey(state), flow, { expiresIn: FLOW_TIME });

  const url = new URL(AUTHORIZE);
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('client_id', String(config.clientId));
  url.searchParams.set('redirect_uri', String(config.redirectUri));
  url.searchParams.set('scope', 'profile');
  url.searchParams.set('state', state);
  url.searchParams.set('code_challenge', await challenge(flow.verifier));
  url.searchParams.set('code_challenge_method', 'S256');
  return { url: url.href };
}

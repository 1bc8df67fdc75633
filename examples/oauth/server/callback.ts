import { flowKey, takeTokens, type Flow } from './provider';

/** Where the provider sends the browser back to. Anyone can call it: the state says which flow this is, once. */
export default async function callback(api: ExtensionServerAPI) {
  const { config, request, response, storage } = api;
  const { state = '', code = '', error } = request.query;
  if (!/^[A-Za-z0-9_-]{43}$/.test(state)) return response.error('unknown state', 400);

  const flow = (await storage.get(flowKey(state))) as Flow | undefined;
  // Of two callbacks at once one takes it away, and the other finds nothing.
  if (flow === undefined || !(await storage.compareAndSet(flowKey(state), flow, undefined))) return response.error('unknown state', 400);
  if (error !== undefined || code === '') return response.error('the provider did not agree', 403);

  try {
    await takeTokens(api, { grant_type: 'authorization_code', code, redirect_uri: String(config.redirectUri), code_verifier: flow.verifier }, flow.by);
  } catch (e) {
    return response.error((e as Error).message, 502);
  }
  return config.returnTo ? response.redirect(String(config.returnTo)) : 'The account is connected. You can close this page.';
}

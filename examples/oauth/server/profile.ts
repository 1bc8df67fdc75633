import { PROFILE, refresh, type Connection } from './provider';

/** Uses the connection: a token that has ended, or that the provider does not want any more, is refreshed once. */
export default async function profile(api: ExtensionServerAPI) {
  const { http, response, secrets, storage } = api;
  const connection = (await storage.get('connection')) as Connection | undefined;
  if (connection === undefined) return response.error('no account is connected', 409);

  const ask = (token: string) => http.fetch(PROFILE, { headers: { authorization: `Bearer ${token}` } });
  try {
    const token = await secrets.get('access_token');
    let answer = token !== undefined && Date.now() < connection.expiresAt ? await ask(token) : undefined;
    if (answer === undefined || answer.status === 401) answer = await ask(await refresh(api, token));
    if (!answer.ok) return response.error(`the provider answered ${answer.status}`, 502);
    return { connectedBy: connection.by, profile: await answer.json() };
  } catch (e) {
    return response.error(`the account must be connected again: ${(e as Error).message}`, 409);
  }
}

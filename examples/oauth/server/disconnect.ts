import { post } from './provider';

/** Ends the connection here, whatever the provider says, and tells the provider. */
export default async function disconnect(api: ExtensionServerAPI) {
  const { response, secrets, storage, user } = api;
  if (user?.role !== 'admin') return response.error('only an admin may disconnect the account', 403);
  const token = await secrets.get('refresh_token');
  await storage.delete('connection');
  await secrets.delete('access_token');
  await secrets.delete('refresh_token');
  if (token === undefined) return { revoked: false };
  const answer = await post(api, '/revoke', { token, token_type_hint: 'refresh_token' });
  return { revoked: answer.ok };
}

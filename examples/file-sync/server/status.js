// A bare function is accepted too: the one named handler.
async function handler(api) {
  const last = await api.storage.get(`lastSync:${api.request.params.vaultId}`);
  return api.response.json({ configured: (await api.secrets.get('api_key')) !== undefined, lastSync: last ?? null });
}

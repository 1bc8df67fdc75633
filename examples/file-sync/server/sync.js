// The documented shape of a BluePLM handler: one bundle, the handler exported as default.
async function handler(api) {
  const { vaultId, files = [] } = api.request.body ?? {};
  if (!vaultId) return api.response.error('vaultId is required', 400);

  const apiKey = await api.secrets.get('api_key');
  if (!apiKey) return api.response.error('API key is not configured', 400);

  const since = (await api.storage.get(`lastSync:${vaultId}`)) ?? null;
  const r = await api.http.fetch('https://api.cloudprovider.example/v1/sync', {
    method: 'POST',
    headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ vaultId, files, since }),
  });
  if (!r.ok) return api.response.error(`cloud answered ${r.status}`, 502);

  const { uploaded } = JSON.parse(r.body);
  const syncedAt = new Date().toISOString();
  await api.storage.set(`lastSync:${vaultId}`, syncedAt);
  return api.response.json({ uploaded, syncedAt });
}

export { handler as default };

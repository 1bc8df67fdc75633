module.exports = async function handler(api) {
  if (!['admin', 'owner'].includes(api.user?.role)) return api.response.error('Only admins can configure', 403);
  await api.secrets.set('api_key', api.request.body.apiKey);
  return api.response.json({ success: true });
};

export default async function configure({ request, response, secrets, user }: ExtensionServerAPI) {
  if (user?.role !== 'admin') return response.error('only an admin may set the key', 403);
  const { key } = (request.body ?? {}) as { key?: unknown };
  if (typeof key !== 'string' || key.length < 16) return response.error('key is required: 16 characters or more', 400);
  await secrets.set('signing_key', key);
}

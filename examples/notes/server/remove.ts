import { keyOf } from './note';

export default async function remove({ request, response, storage }: ExtensionServerAPI) {
  const key = keyOf(request.params.id);
  if ((await storage.get(key)) === undefined) return response.error('no such note', 404);
  await storage.delete(key);
  await storage.increment('count', -1);
}

import { keyOf } from './note';

export default async function read({ request, response, storage }: ExtensionServerAPI) {
  const note = await storage.get(keyOf(request.params.id));
  return note ?? response.error('no such note', 404);
}

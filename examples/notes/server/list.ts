import { keyOf, type Note } from './note';

export default async function list({ config, request, storage }: ExtensionServerAPI) {
  const limit = Number(config.pageSize);
  const after = request.query.after ? keyOf(request.query.after) : undefined;
  const keys = await storage.list('note/', { after, limit });
  const notes = (await storage.getMany(keys)) as Note[];
  return { notes, next: keys.length === limit ? notes[notes.length - 1].id : null };
}

import { MAX_TEXT, keyOf, newId, type Note } from './note';

export default async function create({ request, response, storage, user }: ExtensionServerAPI) {
  const { text } = (request.body ?? {}) as { text?: unknown };
  if (typeof text !== 'string' || text.trim() === '') return response.error('text is required', 400);
  if (text.length > MAX_TEXT) return response.error(`text is longer than ${MAX_TEXT} characters`, 400);

  const note: Note = { id: newId(), text, author: user?.email ?? 'anonymous', createdAt: new Date().toISOString() };
  await storage.set(keyOf(note.id), note);
  await storage.increment('count');
  return response.json(note, 201);
}

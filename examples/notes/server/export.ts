import type { Note } from './note';

/** Every note, page by page, as lines of JSON. */
async function* everyNote(storage: ExtensionStorage): AsyncGenerator<Note> {
  for (let after: string | undefined; ; ) {
    const keys = await storage.list('note/', { after, limit: 100 });
    yield* (await storage.getMany(keys)) as Note[];
    if (keys.length < 100) return;
    after = keys[keys.length - 1];
  }
}

export default async function exportNotes({ storage }: ExtensionServerAPI) {
  let lines = '';
  for await (const note of everyNote(storage)) lines += JSON.stringify(note) + '\n';
  return new Response(lines, {
    headers: { 'content-type': 'application/x-ndjson', 'content-disposition': 'attachment; filename="notes.jsonl"' },
  });
}

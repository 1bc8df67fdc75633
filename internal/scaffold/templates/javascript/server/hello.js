/**
 * Answers GET hello?name=Ada. What a handler is given is described in api.d.ts.
 * @param {ExtensionServerAPI} api
 */
export default async function handler({ request, storage, response }) {
  const name = request.query.name ?? 'world';
  if (name.length > 100) return response.error('that is a long name', 400);
  const count = await storage.increment('greetings');
  return response.json({ message: `Hello, ${name}!`, count });
}

/** Files an issue. The host fills the token and the key in on the way out: neither is ever in this sandbox. */
export default async function file({ http, request, response, user }: ExtensionServerAPI) {
  const { title } = (request.body ?? {}) as { title?: unknown };
  if (typeof title !== 'string' || title === '') return response.error('title is required', 400);

  const answer = await http.fetch('https://api.tracker.example/issues', {
    method: 'POST',
    auth: { secret: 'token', scheme: 'Bearer' },
    headers: { 'content-type': 'application/json', 'x-workspace-key': 'workspace={{secret:workspace_key}}' },
    body: JSON.stringify({ title, by: user?.email }),
  });
  if (!answer.ok) return response.error(`the tracker answered ${answer.status}: ${await answer.text()}`, 502);
  const { number } = await answer.json<{ number: number }>();
  return response.json({ number }, 201);
}

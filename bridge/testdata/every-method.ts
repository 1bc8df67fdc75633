// A handler that calls every method of the API in every form. It is checked against api.d.ts
// by the TypeScript compiler, and its calls against the table by a test.

interface Note { title: string; tags?: string[] }

export default async function handler(api: ExtensionServerAPI): Promise<ExtensionResponse> {
  const { storage, secrets, http, log, events, request, user, config, response } = api

  const note = await storage.get<Note>('note:1')
  const title: string | undefined = note?.title
  const anything: unknown = await storage.get('other')
  await storage.set('note:1', { title: 'first', tags: ['a'] } satisfies Note)
  await storage.set('session', 'abc', { expiresIn: 3600 })
  const keys: string[] = await storage.list('note:', { after: 'note:1', limit: 10 })
  const all: string[] = await storage.list()
  await storage.delete('note:2')
  const [first, second] = await storage.getMany<Note>(['note:1', 'note:2'])
  const titles: (string | undefined)[] = [first?.title, second?.title]
  await storage.setMany({ 'note:3': { title: 'third' }, counter: 1 })
  const swapped: boolean = await storage.compareAndSet('note:1', undefined, note)
  const removed: boolean = await storage.compareAndSet('note:1', note, undefined)
  const sum: number = (await storage.increment('visits')) + (await storage.increment('visits', -1))

  const key: string | undefined = await secrets.get('api_key')
  if (key === undefined) await secrets.set('api_key', 'sk-123')
  await secrets.delete('old_key')

  const controller = new AbortController()
  const answer = await http.fetch(new URL('https://api.example.com/'), {
    method: 'POST',
    headers: { accept: 'application/json', 'x-maybe': undefined },
    body: JSON.stringify(note),
    redirect: 'manual',
    signal: controller.signal,
  })
  await http.fetch('https://api.example.com/', { headers: [['a', 'b']], body: new Uint8Array(3) })
  await http.fetch('https://api.example.com/', { headers: new Headers({ a: 'b' }), body: new URLSearchParams({ a: 'b' }) })
  const kind: string | null = answer.headers.get('content-type')
  const etag: string = answer.headers['etag']
  const parsed = JSON.parse(answer.body) as Note
  const typed = await answer.json<Note>()
  const size: number = (await answer.arrayBuffer()).byteLength + (await answer.text()).length + answer.status

  log.debug('details', { keys, all })
  log.info('what happened')
  log.warn('unexpected', { kind, etag })
  log.error('failed', { ok: answer.ok, url: answer.url, redirected: answer.redirected, text: answer.statusText })

  events.emit('acme.notes.created', { id: 7, parsed, typed })
  events.emit('config:changed')

  try {
    await storage.get('note:9')
  } catch (error) {
    const denied = error as ExtensionPermissionDeniedError
    if (denied.code === 'denied') return response.error(`missing ${denied.permission}`, 403)
    throw error
  }

  const body = request.body as { title: string } | undefined
  const bytes: Uint8Array = request.rawBody
  const seen = [request.id, request.method, request.path, request.url, request.query.a, request.queryAll.a?.[0],
    request.params.id, request.headers['user-agent'], body?.title, bytes.length, config.color, user?.email, user?.role]
  if (swapped && removed) return response.redirect('https://example.com/', 303)
  return response.json({ seen, title, anything, titles, sum, size })
}

const same: ExtensionHandler = handler
const plain: ExtensionHandler = (api) => new Response(api.request.path, { status: 201, headers: { etag: '"1"' } })
void [same, plain]

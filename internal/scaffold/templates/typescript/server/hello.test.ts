test('greets by name', async () => {
  const reply = await annex.invoke('GET hello?name=Ada');
  expect(reply.status).toBe(200);
  expect(reply.body).toEqual({ message: 'Hello, Ada!', count: 1 });
});

test('counts', async () => {
  await annex.storage.set('greetings', 41);
  const reply = await annex.invoke('GET hello');
  expect(reply.body.count).toBe(42);
});

test('refuses a long name', async () => {
  const reply = await annex.invoke('GET hello?name=' + 'x'.repeat(101));
  expect(reply.status).toBe(400);
  expect(await annex.storage.list()).toEqual([]);
});

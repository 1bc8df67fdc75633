const MINUTES = 60;

export default async function forecast({ http, request, response, secrets, storage }: ExtensionServerAPI) {
  const city = request.params.city;
  const cacheKey = `forecast/${encodeURIComponent(city).replace(/%/g, '_')}`;
  const cached = await storage.get(cacheKey);
  if (cached !== undefined) return { ...(cached as object), cached: true };

  const key = await secrets.get('api_key');
  if (key === undefined) return response.error('no API key is set: PUT one to key', 409);

  const url = new URL('https://api.weather.example/v1/forecast');
  url.searchParams.set('city', city);
  const answer = await http.fetch(url.href, { headers: { authorization: `Bearer ${key}` } });
  if (!answer.ok) return response.error(`the weather service answered ${answer.status}`, 502);

  const { celsius } = (await answer.json()) as { celsius: number };
  const result = { city, celsius, fahrenheit: Math.round(celsius * 1.8 + 32) };
  await storage.set(cacheKey, result, { expiresIn: 10 * MINUTES });
  return { ...result, cached: false };
}

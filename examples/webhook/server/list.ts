export default async function list({ storage }: ExtensionServerAPI) {
  const keys = await storage.list('delivery/', { limit: 100 });
  const values = await storage.getMany(keys);
  return { deliveries: keys.map((key, i) => ({ id: key.slice('delivery/'.length), ...(values[i] as object) })) };
}

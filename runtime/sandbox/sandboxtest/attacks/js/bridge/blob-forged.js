// class: bridge
// engine: js
// tiers: both
// expect: value "contained" | value "invalid"
// note: what looks like a reference to bytes is data

module.exports = async api => {
  await api.storage.set('b', {$blob: 0})
  const back = await api.storage.get('b')
  return back && back.$blob === 0 && !(back instanceof Uint8Array) ? 'contained' : 'escaped'
}

// class: pollution
// engine: js
// tiers: both
// expect: value "contained"
// ci: yes
// note: arguments are made text by what was captured before

module.exports = async api => {
  JSON.stringify = () => '{"key":"../../org-2/acme.notes/k","value":1}'
  JSON.parse = () => { throw 1 }
  await api.storage.set('mine', {a: 1})
  const back = await api.storage.get('mine')
  return back && back.a === 1 ? 'contained' : 'escaped'
}

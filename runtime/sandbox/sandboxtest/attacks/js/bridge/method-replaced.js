// class: bridge
// engine: js
// tiers: both
// expect: value "contained"
// note: what an author does to his own copy changes nothing for others

module.exports = async api => {
  const get = api.storage.get
  try { api.storage.get = () => 'evil'; Object.defineProperty(api, 'user', {value: {role: 'admin'}}) } catch (e) {}
  return await get('absent') === undefined ? 'contained' : 'escaped'
}

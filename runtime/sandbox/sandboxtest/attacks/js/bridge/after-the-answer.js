// class: bridge
// engine: js
// tiers: both
// expect: value "answered"

module.exports = api => {
  Promise.resolve().then(() => api.storage.set('late', 1))
  setTimeout(() => api.storage.set('later', 1), 5)
  return 'answered'
}

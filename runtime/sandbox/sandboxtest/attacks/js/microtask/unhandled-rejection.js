// class: microtask
// engine: js
// tiers: both
// expect: THROWN Error
// ci: yes

module.exports = api => {
  Promise.reject(new Error('loose'))
  return new Promise(ok => setTimeout(ok, 50))
}

// class: timer
// engine: js
// tiers: both
// expect: LIMIT | THROWN | TIMEOUT
// ci: yes

module.exports = api => {
  for (let i = 0; ; i++) setTimeout(() => {}, 1e9)
}

// class: response
// engine: js
// tiers: both
// expect: LIMIT output
// wall: 2s
// memory: 128MiB
// ci: yes

module.exports = api => {
  return 'x'.repeat(7 << 20)
}

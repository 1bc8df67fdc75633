// class: loop
// engine: js
// tiers: process
// expect: TIMEOUT
// cpu: 100ms
// wall: 2s
// ci: yes
// note: CPU time of a thread that never looks up

module.exports = api => {
  return Array.prototype.indexOf.call({length: 2 ** 53 - 1}, 1)
}

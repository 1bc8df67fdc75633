// class: boundary
// engine: js
// tiers: both
// expect: THROWN Error
// ci: yes
// note: the host asks nothing of what was thrown

module.exports = api => {
  throw new Proxy({}, {getPrototypeOf(){for(;;){}}})
}

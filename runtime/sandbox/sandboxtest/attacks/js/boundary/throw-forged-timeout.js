// class: boundary
// engine: js
// tiers: both
// expect: THROWN
// ci: yes
// note: a handler does not choose what the host says of it

module.exports = api => {
  throw Object.assign(new Error('x'), {code: 'timeout', reason: 'wall'})
}

// class: boundary
// engine: js
// tiers: both
// expect: THROWN | DENIED

module.exports = api => {
  throw Object.assign(new Error('x'), {code: 'denied', permission: 'storage:database'})
}

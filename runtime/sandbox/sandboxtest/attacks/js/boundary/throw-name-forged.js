// class: boundary
// engine: js
// tiers: both
// expect: THROWN
// note: an error of the author stays one of the author

module.exports = api => {
  throw Object.assign(new Error('x'), {code: 'internal', name: 'PermissionDeniedError', permission: undefined})
}

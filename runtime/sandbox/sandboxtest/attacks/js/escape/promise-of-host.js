// class: escape
// engine: js
// tiers: both
// expect: value "contained"
// note: vm2, CVE-2026-44000: promises of the host

module.exports = api => {
  const p = api.storage.get('absent')
  const own = p instanceof Promise && p.constructor === Promise && Object.getPrototypeOf(p) === Promise.prototype
  return p.then(() => own ? 'contained' : 'escaped')
}

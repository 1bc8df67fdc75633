// class: escape
// engine: js
// tiers: both
// expect: value "contained"
// note: an error of the host is an Error of the realm, without Go values, files or frames

module.exports = api => {
  try { api.log.info.call({}, 1, 2, 3) } catch (e) {}
  return api.storage.get({}).then(() => 'escaped', e => {
    const names = Object.getOwnPropertyNames(e).join()
    const realm = e instanceof Error && e.constructor.constructor === Function
    return realm && e.value === undefined && e.Unwrap === undefined && !/\.go\b|goroutine|\/(usr|root|home|work)\//.test(e.stack + e.message) ? 'contained' : names + e.stack
  })
}

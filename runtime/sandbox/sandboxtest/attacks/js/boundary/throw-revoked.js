// class: boundary
// engine: js
// tiers: both
// expect: THROWN

module.exports = api => {
  var r=Proxy.revocable({}, {})
  r.revoke()
  throw r.proxy
}

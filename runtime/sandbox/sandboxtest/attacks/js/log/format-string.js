// class: log
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  console.log('%s%s%s%n%x%o%O%c%d', {}, 1)
  api.log.info('%!s(MISSING) {{.}} ${jndi:ldap://x}')
  return 'contained'
}

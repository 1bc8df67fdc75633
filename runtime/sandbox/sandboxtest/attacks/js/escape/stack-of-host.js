// class: escape
// engine: js
// tiers: both
// expect: value "contained"
// note: stacks name no file and no function of the host

module.exports = api => {
  let s = ''
  try { null.x } catch (e) { s += e.stack }
  try { new URL('::') } catch (e) { s += e.stack }
  try { atob('*') } catch (e) { s += e.stack }
  return /\.go:|goroutine|github|\/(tmp|root|usr|home)\//.test(s) ? 'escaped: ' + s : 'contained'
}

// class: log
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  for (const k of ['table', 'time', 'group', 'trace', 'assert', 'dir', 'count']) { try { console[k] && console[k]('x'.repeat(1e5)) } catch (e) {} }
  return 'contained'
}

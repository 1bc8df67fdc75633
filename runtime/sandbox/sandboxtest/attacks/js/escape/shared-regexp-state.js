// class: escape
// engine: js
// tiers: both
// expect: value "contained"
// note: what regular expressions remember is of this realm

module.exports = api => {
  /(x)/.exec('aaax')
  const legacy = RegExp['$1'] || RegExp.lastMatch || ''
  return legacy === '' || legacy === 'x' ? 'contained' : 'escaped'
}

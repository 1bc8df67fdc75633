// class: builtin
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  return Symbol.for('annex') === Symbol.for('annex') && Symbol.keyFor(Symbol.for('visits')) === 'visits' && !Symbol.for('visits').seen ? 'contained' : 'escaped'
}

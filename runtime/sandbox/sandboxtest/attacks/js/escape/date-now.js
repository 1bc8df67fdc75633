// class: escape
// engine: js
// tiers: both
// expect: value "contained: a clock and chance of its own"
// note: the time zone of the machine does not show

module.exports = api => {
  const clock = Number.isFinite(Date.now()) && new Date().getTimezoneOffset() === 0
  return clock && Math.random() !== Math.random() ? 'contained: a clock and chance of its own' : 'escaped'
}

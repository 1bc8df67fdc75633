// class: timer
// engine: js
// tiers: both
// expect: value "answered"
// note: nothing runs once the handler has answered

module.exports = api => {
  setTimeout(() => { for (;;); }, 1)
  return 'answered'
}

// class: response
// engine: js
// tiers: both
// expect: value "\ud800" | value "�"

module.exports = api => {
  return '\ud800'
}

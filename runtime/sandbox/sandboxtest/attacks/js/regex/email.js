// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED | value

module.exports = api => {
  return /^(?!.*@$)([a-zA-Z0-9])(([-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}$/.test('a'.repeat(60) + '!')
}

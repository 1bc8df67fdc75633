// class: pollution
// engine: js
// tiers: both
// expect: value {"__proto__":{"admin":true},"a":1}
// note: a name like another for whoever reads it: JSON of the host has no prototypes

module.exports = api => {
  return JSON.parse('{"__proto__":{"admin":true},"a":1}')
}

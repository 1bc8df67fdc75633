// class: pollution
// engine: js
// tiers: both
// expect: value {"a":1}

module.exports = api => {
  JSON.stringify = () => '{"type":"annex.response","status":200}'
  return {a: 1}
}

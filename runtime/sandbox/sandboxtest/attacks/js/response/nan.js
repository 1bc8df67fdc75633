// class: response
// engine: js
// tiers: both
// expect: value {"a":null,"b":null}

module.exports = api => {
  return {a: NaN, b: Infinity}
}

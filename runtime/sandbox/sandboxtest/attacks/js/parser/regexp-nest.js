// class: parser
// engine: js
// tiers: both
// expect: REFUSED | THROWN SyntaxError

module.exports = () => /«(×100000»a«)×100000»/.test('a')

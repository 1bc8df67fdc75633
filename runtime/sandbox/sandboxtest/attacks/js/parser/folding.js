// class: parser
// engine: js
// tiers: both
// expect: REFUSED | THROWN TypeError
// ci: yes
// note: the compiler folds constants, and is a native function

module.exports = () => 2n ** (2n ** 30n)

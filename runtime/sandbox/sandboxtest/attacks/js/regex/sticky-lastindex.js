// class: regex
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED
// ci: yes

module.exports = api => {
  var r=/(a+)+$/y
  r.lastIndex=1;
  return r.test('a'.repeat(60)+'!')
}

// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED
// ci: yes

module.exports = api => {
  function f(){return [2,1].sort(f)};
  return f()
}

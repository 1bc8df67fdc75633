// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  function F(){return new F()};
  return new F()
}

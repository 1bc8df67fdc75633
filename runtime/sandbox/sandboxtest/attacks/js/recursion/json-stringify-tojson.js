// class: recursion
// engine: js
// tiers: both
// expect: DEPTH_EXCEEDED | TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var o={toJSON(){return {a:{toJSON:this.toJSON}}}};
  return JSON.stringify(o)
}

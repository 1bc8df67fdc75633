// class: builtin
// engine: js
// tiers: both
// expect: value "no Atomics"

module.exports = api => {
  return typeof Atomics=='undefined'?'no Atomics':Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0)
}

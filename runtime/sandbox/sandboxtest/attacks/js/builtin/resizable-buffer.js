// class: builtin
// engine: js
// tiers: both
// expect: value "contained"
// wall: 1s

module.exports = api => {
  try { const b = new ArrayBuffer(8, {maxByteLength: 2 ** 40}); b.resize && b.resize(2 ** 39) } catch (e) {}
  return 'contained'
}

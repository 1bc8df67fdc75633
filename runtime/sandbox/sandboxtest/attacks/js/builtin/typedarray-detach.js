// class: builtin
// engine: js
// tiers: both
// expect: value "16"

module.exports = api => {
  const t = new Uint8Array(16)
  const o = {valueOf() { try { t.buffer.transfer && t.buffer.transfer(0) } catch (e) {} return 1 }}
  t.fill(o)
  t.slice(0, {valueOf() { return 16 }})
  return t.length + ''
}

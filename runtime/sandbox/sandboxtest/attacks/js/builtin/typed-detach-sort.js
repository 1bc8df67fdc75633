// class: builtin
// engine: js
// tiers: both
// expect: value "ok"
// note: a buffer that is given away while it is sorted

module.exports = api => {
  const t = new Float64Array(64).map((_, i) => 64 - i)
  t.sort((x, y) => { try { structuredClone(t.buffer, {transfer: [t.buffer]}) } catch (e) {} return x - y })
  try { t.set({length: 64, get 0() { return 1 }}) } catch (e) {}
  return 'ok'
}

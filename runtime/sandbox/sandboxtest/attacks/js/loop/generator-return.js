// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  function* g() { try { yield 1 } finally { for (;;); } }
  for (const x of g()) break
}

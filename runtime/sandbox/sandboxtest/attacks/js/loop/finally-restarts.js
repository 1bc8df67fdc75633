// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT
// ci: yes
// note: finally swallows every end

module.exports = api => {
  for (;;) { try { for (;;); } catch (e) {} finally { continue } }
}

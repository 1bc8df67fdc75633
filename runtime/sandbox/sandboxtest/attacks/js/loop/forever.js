// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT
// ci: yes

module.exports = api => {
  for (;;);
}

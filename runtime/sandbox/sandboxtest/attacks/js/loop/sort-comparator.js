// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return Array(1000).fill(0).sort(() => { for (;;); })
}

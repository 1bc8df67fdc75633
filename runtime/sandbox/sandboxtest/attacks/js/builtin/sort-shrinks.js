// class: builtin
// engine: js
// tiers: both
// expect: INTERNAL | value 0 | value []
// ci: yes
// note: a Go panic of goja in some releases

module.exports = api => {
  const a = Array.from({length: 100}, (_, i) => 100 - i)
  a.sort((x, y) => { a.length = 0; return x - y })
  return a.length
}

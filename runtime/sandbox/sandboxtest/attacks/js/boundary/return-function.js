// class: boundary
// engine: js
// tiers: both
// expect: THROWN TypeError | value undefined

module.exports = api => {
  return () => { for (;;); }
}

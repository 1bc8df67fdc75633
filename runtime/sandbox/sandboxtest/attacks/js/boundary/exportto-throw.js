// class: boundary
// engine: js
// tiers: both
// expect: THROWN Error

module.exports = api => {
  return ({get Status(){throw new Error('gotcha')}, Body:'x'})
}

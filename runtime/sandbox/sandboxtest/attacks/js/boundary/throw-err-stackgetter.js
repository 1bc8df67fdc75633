// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  var e=new Error('x')
  Object.defineProperty(e,'stack',{get(){for(;;){}}})
  Object.defineProperty(e,'message',{get(){for(;;){}}})
  throw e
}

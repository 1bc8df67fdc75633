// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT
// note: nothing of this realm is used again: the next invocation answers

module.exports = api => {
  Promise.resolve().then(()=>{globalThis.late=1})
  for(;;){}
}

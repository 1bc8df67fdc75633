// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return Object.setPrototypeOf([,,,], new Proxy([], {get(){for(;;){}}}))
}

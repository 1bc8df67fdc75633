// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  class A extends Array{static get [Symbol.species](){for(;;){}}};
  return new A(1,2,3).map(x=>x)
}

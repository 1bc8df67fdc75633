// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  return 'a'.match({[Symbol.match](){for(;;){}}})
}

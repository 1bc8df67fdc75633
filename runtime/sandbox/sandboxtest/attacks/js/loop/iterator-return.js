// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT

module.exports = api => {
  for (const x of {[Symbol.iterator](){return {next(){return {value:1}}, return(){for(;;){}}}}}) break
}

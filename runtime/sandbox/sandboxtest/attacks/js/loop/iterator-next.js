// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return [...{[Symbol.iterator](){return {next(){return {value:1,done:false}}}}}]
}

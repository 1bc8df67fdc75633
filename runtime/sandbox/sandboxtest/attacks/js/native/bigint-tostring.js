// class: native
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  return (1n<<(2n**26n)).toString().length
}

// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  function f(){try{for(;;){}}finally{f()}};
  return f()
}

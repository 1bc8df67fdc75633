// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var a=[]
  function f(){ try { for(;;) a.push({}) } finally { f() } };
  return f()
}

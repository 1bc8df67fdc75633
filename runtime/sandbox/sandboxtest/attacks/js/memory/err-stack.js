// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var a=[]
  function f(n){ if(n) return f(n-1)
  return new Error('x')}
  for(;;) a.push(f(200))
}

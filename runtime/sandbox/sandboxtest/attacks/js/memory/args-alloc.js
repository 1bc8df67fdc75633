// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  function f(){return arguments}
  var a=[]
  for(;;) a.push(f.apply(null,{length:1e5}))
}

// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  var a=[]
  function* g(){var x=new Array(100).fill(1);yield x}
  for(;;){let i=g();i.next();a.push(i)}
}

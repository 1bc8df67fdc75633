// class: memory
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED

module.exports = api => {
  for(let i=0;;i++) new RegExp('(a{1,100}){1,9}'+i)
}

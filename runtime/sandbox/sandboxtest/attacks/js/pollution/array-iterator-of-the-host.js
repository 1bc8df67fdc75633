// class: pollution
// engine: js
// tiers: both
// expect: value 1

module.exports = api => {
  Array.prototype[Symbol.iterator]=function*(){yield 'evil.com'}
  Array.prototype.includes=()=>true
  Array.prototype.some=()=>true;
  return 1
}

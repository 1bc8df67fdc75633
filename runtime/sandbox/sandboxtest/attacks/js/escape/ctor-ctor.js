// class: escape
// engine: js
// tiers: both
// expect: THROWN EvalError
// ci: yes

module.exports = api => {
  return (function(){return ({}).constructor.constructor('return typeof process+","+typeof require+","+typeof Go+","+Object.getOwnPropertyNames(this).filter(k=>!/^[A-Z]/.test(k)).join()')()})()
}

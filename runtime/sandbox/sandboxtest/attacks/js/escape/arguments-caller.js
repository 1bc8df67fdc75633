// class: escape
// engine: js
// tiers: both
// expect: value "undefinedundefined"

module.exports = api => {
  return (function f(){ try{ return String(f.caller)+String(arguments.callee.caller) }catch(e){ return 'blocked:'+e.message } })()
}

// class: parser
// engine: js
// tiers: both
// expect: REFUSED

«function f(){×60000»«}×60000»

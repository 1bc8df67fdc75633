// class: parser
// engine: js
// tiers: both
// expect: REFUSED

«class A{static{×60000»«}}×60000»

// class: parser
// engine: js
// tiers: both
// expect: REFUSED

«{×400000»«}×400000»

// class: parser
// engine: js
// tiers: both
// expect: REFUSED

«x;×700000»

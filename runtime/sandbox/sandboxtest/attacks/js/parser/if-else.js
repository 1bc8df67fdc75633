// class: parser
// engine: js
// tiers: both
// expect: REFUSED

«if(1)0;else ×90000»0

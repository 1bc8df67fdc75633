// class: parser
// engine: js
// tiers: both
// expect: REFUSED
// ci: yes

«[×400000»

// class: parser
// engine: js
// tiers: both
// expect: REFUSED

const «[×100000»a«]×100000» = []

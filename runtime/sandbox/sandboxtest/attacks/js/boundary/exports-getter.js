// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT
// ci: yes

Object.defineProperty(module, 'exports', {get() { for (;;); }})

// class: escape
// engine: js
// tiers: both
// expect: REFUSED
// note: the source closes the function that it is put into

}); globalThis.escaped = true; (function () {

// class: loop
// engine: js
// tiers: both
// expect: TIMEOUT
// note: at the top of the module, before there is a request

for (;;);
module.exports = () => 1

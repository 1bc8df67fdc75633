// class: boundary
// engine: js
// tiers: both
// expect: TIMEOUT
// ci: yes

module.exports = api => {
  throw {toString(){for(;;){}}}
}

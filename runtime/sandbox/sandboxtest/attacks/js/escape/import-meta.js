// class: escape
// engine: js
// tiers: both
// expect: REFUSED

module.exports = () => import.meta.url

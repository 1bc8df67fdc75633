// class: escape
// engine: js
// tiers: both
// expect: REFUSED

module.exports = async () => import('data:text/javascript,export default 1')

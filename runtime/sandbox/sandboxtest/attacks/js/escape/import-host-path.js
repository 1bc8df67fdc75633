// class: escape
// engine: js
// tiers: both
// expect: REFUSED
// ci: yes

module.exports = async () => import('file:///etc/passwd')

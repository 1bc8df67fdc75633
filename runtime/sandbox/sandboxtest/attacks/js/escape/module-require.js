// class: escape
// engine: js
// tiers: both
// expect: THROWN TypeError

module.exports = () => module.require('child_process').execSync('id')

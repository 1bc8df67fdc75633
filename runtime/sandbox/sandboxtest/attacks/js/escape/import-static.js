// class: escape
// engine: js
// tiers: both
// expect: REFUSED

import fs from 'fs'
module.exports = () => fs.readFileSync('/etc/passwd')

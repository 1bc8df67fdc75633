// class: escape
// engine: js
// tiers: both
// expect: value "contained"

module.exports = () => ['parent', 'children', 'paths', 'constructor', 'filename'].every(k => module[k] === undefined || k === 'constructor' && module[k] === Object) ? 'contained' : 'escaped'

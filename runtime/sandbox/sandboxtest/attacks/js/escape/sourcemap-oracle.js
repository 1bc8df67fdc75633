// class: escape
// engine: js
// tiers: both
// expect: value "contained"

module.exports = () => { const s = new Error('x').stack; return /root:|passwd/.test(s) ? 'escaped' : 'contained' }
//# sourceMappingURL=file:///etc/passwd

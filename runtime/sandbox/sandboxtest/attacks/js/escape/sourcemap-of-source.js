// class: escape
// engine: js
// tiers: both
// expect: value "contained"
// ci: yes
// note: a compiler that follows it never ends

module.exports = () => 'contained'
//# sourceMappingURL=file:///dev/zero

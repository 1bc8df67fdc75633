// class: bridge
// engine: js
// tiers: both
// expect: answer 200 content-type
// ci: yes

module.exports = api => {
  return {$blob: 0}
}

// class: response
// engine: js
// tiers: both
// expect: THROWN | LIMIT | TIMEOUT | MEMORY_EXCEEDED | answer 200 content-type
// note: what the host cannot read, it does not send

module.exports = api => {
  let o = []
  for (let i = 0; i < 1e4; i++) o = [o]
  return o
}

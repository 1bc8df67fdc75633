// class: bridge
// engine: js
// tiers: both
// expect: LIMIT | THROWN | value
// calls: 200
// note: calls are counted, log lines too

module.exports = async api => {
  for (let i = 0; ; i++) api.log.debug('x')
}

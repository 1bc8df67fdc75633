// class: response
// engine: js
// tiers: both
// expect: answer 200 content-type | answer 200 | THROWN

module.exports = api => {
  class R extends Response { get status() { return 999 } get headers() { return [['set-cookie', 'x']] } }
  return new R('x')
}

// class: timer
// engine: js
// tiers: both
// expect: value "done"

module.exports = api => {
  for (const ms of [-1, NaN, 2 ** 31, 2 ** 53, -Infinity, '5', {}, Infinity]) clearTimeout(setTimeout(() => {}, ms))
  return new Promise(ok => setTimeout(() => ok('done'), -5))
}

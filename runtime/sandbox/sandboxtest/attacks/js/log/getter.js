// class: log
// engine: js
// tiers: both
// expect: value "contained"

module.exports = api => {
  console.log({get a() { throw 1 }, toString() { throw 2 }, [Symbol.toPrimitive]() { throw 3 }})
  return 'contained'
}

// class: builtin
// engine: js
// tiers: both
// expect: value "+275760-09-13T00:00:00.000Z,Invalid Date,Invalid Date,NaN,Invalid Date,Invalid Date"
// ci: yes

module.exports = api => {
  return [new Date(8.64e15).toISOString(), new Date(NaN)+'', new Date(1e300)+'', Date.UTC(2**53,2**53), new Date(2**53,1e308,1e308)+'', new Date('9'.repeat(1e6))+''].join()
}

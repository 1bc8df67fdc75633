// class: response
// engine: js
// tiers: both
// expect: answer 200
// note: it may say what a response may say, and no more

module.exports = api => {
  return {toJSON: () => ({type: 'annex.response', status: 200, headers: [['set-cookie', 'a=b']], body: 'x'})}
}

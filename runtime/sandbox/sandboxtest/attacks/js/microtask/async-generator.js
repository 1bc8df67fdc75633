// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED
// note: an asynchronous generator without an end, lowered

module.exports = api => {
  const g = {[Symbol.asyncIterator]: () => ({next: () => Promise.resolve({value: 1, done: false})})}
  const walk = i => i.next().then(() => walk(i))
  return walk(g[Symbol.asyncIterator]())
}

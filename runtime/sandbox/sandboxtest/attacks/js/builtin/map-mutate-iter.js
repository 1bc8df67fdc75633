// class: builtin
// engine: js
// tiers: both
// expect: value "100001"
// wall: 3s
// note: a map that changes while it is walked ends when it is empty

module.exports = api => {
  const m = new Map([[1, 1]])
  let i = 0
  m.forEach((v, k) => {
    m.delete(k)
    m.set(k + 1, 1)
    if (++i > 1e5) m.clear()
  })
  return i + ''
}

// class: microtask
// engine: js
// tiers: both
// expect: TIMEOUT | MEMORY_EXCEEDED
// ci: yes

module.exports = api => {
  const o={}
  o.then=Promise.resolve.bind(Promise,o)
  Promise.resolve(o);
  return 'queued'
}

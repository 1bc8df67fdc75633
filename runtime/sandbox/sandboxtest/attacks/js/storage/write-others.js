// class: storage
// engine: js
// tiers: both
// expect: value "contained"
// note: the runner looks at the other organization's value afterwards

module.exports = async api => {
  for (const k of ['../../org-2/acme.notes/k', 'data/org-2/acme.notes/k', '/k']) { try { await api.storage.set(k, 'pwned') } catch (e) {} try { await api.storage.delete(k) } catch (e) {} }
  return 'contained'
}

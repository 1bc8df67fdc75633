// class: escape
// engine: js
// tiers: both
// expect: value "contained"
// ci: yes

module.exports = api => {
  const odd = ['process', 'require', 'Deno', 'Bun', 'Go', 'global', 'window', 'self', 'fetch', 'XMLHttpRequest', 'WebSocket', 'Worker', 'SharedArrayBuffer', 'Atomics', 'WebAssembly', 'importScripts', '__dirname', '__filename', 'ActiveXObject', 'java', 'Packages', 'load', 'print', 'quit'].filter(k => k in globalThis)
  return odd.length === 0 ? 'contained' : odd.join()
}

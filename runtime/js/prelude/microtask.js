// queueMicrotask: what the callback throws is an unhandled rejection.
(function () {
  const resolved = Promise.resolve();
  return { queue(callback) { resolved.then(() => { callback(); }); } };
})

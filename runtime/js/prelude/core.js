// Small helpers of the engine itself.
(function () {
  const { keys, freeze } = Object;
  const resolved = Promise.resolve();

  // api.config is read-only to its leaves.
  const deepFreeze = (value) => {
    if (value === null || typeof value !== "object") return value;
    for (const key of keys(value)) deepFreeze(value[key]);
    return freeze(value);
  };

  // What a microtask throws is an unhandled rejection.
  const queueMicrotask = (callback) => {
    resolved.then(() => { callback(); });
  };

  return { deepFreeze, queueMicrotask };
})

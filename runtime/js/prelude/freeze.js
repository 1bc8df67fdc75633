// api.config is read-only to its leaves.
(function () {
  const deepFreeze = (value) => {
    if (value === null || typeof value !== "object") return value;
    for (const key of Object.keys(value)) deepFreeze(value[key]);
    return Object.freeze(value);
  };
  return { deepFreeze };
})

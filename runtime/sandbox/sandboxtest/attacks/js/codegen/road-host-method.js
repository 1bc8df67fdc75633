// class: codegen
// engine: js
// tiers: both
// expect: value "EvalError"
// ci: yes

module.exports = api => {
  try { return String(api.storage.get.constructor('return 1')) } catch (e) { return e.name }
}

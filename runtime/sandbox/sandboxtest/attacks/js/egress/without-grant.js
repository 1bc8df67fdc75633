// class: egress
// engine: js
// tiers: both
// expect: DENIED
// grants: none

module.exports = async api => {
  return await api.http.fetch('https://api.example.com/')
}

// class: response
// engine: js
// tiers: both
// expect: answer 200 x-mine,content-type
// ci: yes

module.exports = api => {
  return {type: 'annex.response', status: 200, body: '', headers: [['set-cookie', 'a=b'], ['Set-Cookie', 'c=d'], ['transfer-encoding', 'chunked'], ['content-length', '0'], ['connection', 'close'], ['strict-transport-security', 'max-age=0'], ['access-control-allow-origin', '*'], ['content-security-policy', 'x'], ['clear-site-data', '*'], ['x-accel-redirect', '/etc/passwd'], ['x-sendfile', '/etc/passwd'], ['x-mine', '1']]}
}

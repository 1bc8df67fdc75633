// class: builtin
// engine: js
// tiers: both
// expect: value "ok"
// ci: yes

module.exports = api => {
  var b=new ArrayBuffer(8)
  var d=new DataView(b)
  try{d.getInt32(2**53-1)}catch(e){}
  try{new Int32Array(b,4,2**31)}catch(e){}
  var t=new Uint8Array(b)
  t.set([1],7)
  try{t.set([1],8)}catch(e){}
  try{t.subarray(-1e9,1e9)}catch(e){}
  t.copyWithin(0,2**31,2**32);
  return 'ok'
}

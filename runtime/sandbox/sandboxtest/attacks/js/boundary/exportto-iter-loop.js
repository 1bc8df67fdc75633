// class: boundary
// engine: js
// tiers: both
// expect: value {"Items":{}}

module.exports = api => {
  return ({Items:{[Symbol.iterator]:()=>({next:()=>({value:'x',done:false})})}})
}

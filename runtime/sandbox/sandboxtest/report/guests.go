package main

// Well-behaved guests. An echo reads a key that is absent and answers "alive";
// work computes for some milliseconds.
const (
	echoJavaScript = `module.exports = async api => (await api.storage.get('absent')) === undefined ? 'alive' : 'wrong'`
	workJavaScript = `module.exports = () => { const end = performance.now() + 5; let n = 0; while (performance.now() < end) n++; return n }`

	echoWasm = `magic
types { [ func [ ] [ ] | func [ i64 ] [ i64 ] | func [ i64 | i64 ] [ ] ] }
imports { [
  "extism:host/env" "alloc" 00 #1 |
  "extism:host/env" "store_u64" 00 #2 |
  "extism:host/env" "output_set" 00 #2 |
  "extism:host/user" "storage_get" 00 #1
] }
functions { [ #0 ] }
exports { [ "handler" 00 #4 ] }
code { [ { [ #1 i64 ]
  i64.const #+16 call #0 local.set #0
  local.get #0 i64.const #+2466321650726675067 call #1                         ;; {"key":"
  local.get #0 i64.const #+8 i64.add i64.const #+9016897421446439521 call #1   ;; absent"}
  local.get #0 call #3 drop
  i64.const #+8 call #0 local.set #0
  local.get #0 i64.const #+2315524717671112994 call #1                         ;; "alive"
  local.get #0 i64.const #+7 call #2
end } ] }`

	workWasm = `magic
types { [ func [ ] [ ] ] }
functions { [ #0 ] }
exports { [ "handler" 00 #0 ] }
code { [ { [ #1 i32 ]
  i32.const #+2000000 local.set #0
  loop void local.get #0 i32.const #+1 i32.sub local.tee #0 br_if #0 end
end } ] }`
)

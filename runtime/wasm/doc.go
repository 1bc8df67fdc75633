// Package wasm is the WebAssembly engine: it runs handlers that were built with
// any of the Extism plug-in development kits, on wazero, each invocation in a
// state that no other invocation has touched.
//
// # A handler
//
// A handler is an exported function without parameters. Its input is the JSON of
// {request, user, config} in the kernel's memory; its output is JSON of the same
// shapes that a JavaScript handler returns. Output that is not JSON is answered
// as text. What it leaves with error_set is the error of the invocation: plain
// text, or JSON of {name, message, code, permission}.
//
// The host offers three modules: extism:host/env (the kernel and the services of
// the ABI), extism:host/user (the bridge: one function for each method, named with
// underscores, and annex_call, annex_blob, annex_attach), and wasi_snapshot_preview1
// without files, environment, arguments or sockets. Bytes cross beside the JSON:
// {"$blob": 0} stands for what annex_blob(0) returns, until the next JSON arrives,
// and for what annex_attach was given first since the last JSON left.
//
// # Limits
//
// A module is checked and rewritten before wazero sees a byte of it (package
// binary): it counts fuel and asks the host every million units, which is where
// deadlines, CPU time and cancellation are noticed; it counts stack; its memory
// and tables end at the limits; instantiating it runs nothing.
//
// # Fresh state
//
// A program is initialized once. Its memories and globals are kept, and every
// invocation starts from them. What a guest drew from the clock or from
// randomness while it was initialized is the same in all invocations. A program
// that can change its tables is instantiated and initialized for each invocation.
package wasm

// Package guest is the API of server handlers for Go, compiled to WebAssembly
// (GOOS=wasip1 GOARCH=wasm -buildmode=c-shared): the same names and types as in
// JavaScript, made from the same table.
//
//	//go:wasmexport handler
//	func handler() int32 {
//		return guest.Handle(func(api *guest.API) (any, error) {
//			n, err := api.Storage.Increment("count", nil)
//			return map[string]any{"count": n}, err
//		})
//	}
//
//	func main() {}
//
// A call that fails returns an *[Error], which has the code; one that a handler
// returns fails the invocation as an uncaught error does in JavaScript.
//
// What a package draws from the clock or from randomness while it is initialized
// is the same in every invocation: random numbers belong into handlers, from
// crypto/rand.
package guest

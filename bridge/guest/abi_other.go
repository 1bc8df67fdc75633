//go:build !wasip1

package guest

// Outside of a sandbox there is no host to call: the package can be compiled, for
// editors and for tests of what does not call it.

const outside = "guest: this is not a WebAssembly guest: build with GOOS=wasip1 GOARCH=wasm -buildmode=c-shared"

func readInput() []byte { panic(outside) }

func writeOutput([]byte) { panic(outside) }

func writeError([]byte) { panic(outside) }

func call(string, []byte) []byte { panic(outside) }

func blob(int) []byte { panic(outside) }

func attachBytes([]byte) int { panic(outside) }

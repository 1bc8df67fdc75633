//go:build !wasip1

package guest

// Outside of a sandbox there is no host to call: the package can be compiled, for
// editors and for tests of what does not call it.

// outside is called for everything that only a host has.
var outside = func() []byte {
	panic("guest: this is not a WebAssembly guest: build with GOOS=wasip1 GOARCH=wasm -buildmode=c-shared")
}

func readInput() []byte { return outside() }

func writeOutput([]byte) { outside() }

func writeError([]byte) { outside() }

func call(string, []byte) []byte { return outside() }

func blob(int) []byte { return outside() }

func attachBytes([]byte) int { return len(outside()) }

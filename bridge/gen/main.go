// Command gen writes what is made from the table of package bridge: the typings
// api.d.ts, the reference page API.md and the functions of package guest. Run it by
// `go generate ./bridge`.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	for name, text := range outputs() {
		if err := os.WriteFile(filepath.Clean(name), []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// outputs are the generated files by their names in the directory of package bridge.
func outputs() map[string]string {
	return map[string]string{"api.d.ts": typings(), "API.md": reference(), "guest/methods.go": guestMethods()}
}

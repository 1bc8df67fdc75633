package examples

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/annexhost/annex/runtime/standard"
)

// buildAssemblyScript builds an example with the compiler that npm ci has put
// beside it, and returns a directory with the extension as it is packed. The test
// is skipped where Node.js or the compiler is missing: .ci/run installs both.
func buildAssemblyScript(t *testing.T, example, module string) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("AssemblyScript's compiler needs Node.js, which is not installed")
	}
	compiler := filepath.Join("node_modules", "assemblyscript", "bin", "asc.js")
	if _, err := os.Stat(filepath.Join(example, compiler)); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("AssemblyScript's compiler is not installed: npm ci --prefix examples/%s", example)
	}
	dir := t.TempDir()
	for _, name := range []string{"extension.json", "icon.png", "LICENSE", "README.md"} {
		data, err := os.ReadFile(filepath.Join(example, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(node, compiler, "--outFile", filepath.Join(dir, "server", module))
	cmd.Dir = example
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func TestCounterAssemblyScript(t *testing.T) {
	a := openFrom(t, "counter-as", buildAssemblyScript(t, "counter-as", "counter.wasm"), standard.Options{})
	a.call("GET", "count", nil).want(t, 200, "count", 0.0)
	for n := 1; n <= 3; n++ {
		a.call("POST", "count", nil).want(t, 200, "count", float64(n))
	}
	if err := a.host.Configure(t.Context(), org, "annex.counter-as", "test", []byte(`{"step": 10}`)); err != nil {
		t.Fatal(err)
	}
	a.call("POST", "count", nil).want(t, 200, "count", 13.0)
	a.call("GET", "count", nil).want(t, 200, "count", 13.0)
}

//go:build race

package wasm

import (
	"bytes"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

var scratch string // a directory, for as long as the tests run

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "annex-wasm-"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// compiler is this test without the race detector, under which wazero's compiler
// takes a minute for 3 MB.
var compiler = sync.OnceValues(func() (string, error) {
	file := filepath.Join(scratch, "compiler")
	cmd := exec.Command("go", "test", "-race=false", "-c", "-o", file, ".")
	cmd.Env, cmd.Stderr = append(os.Environ(), "GOFLAGS="), os.Stderr
	return file, cmd.Run()
})

// compiled adds to a large source what it is compiled to.
func compiled(t *testing.T, src sandbox.Source) sandbox.Source {
	t.Helper()
	const large = 500 << 10 // below are those that need more functions of the host
	if len(src.Code) < large {
		return src
	}
	file, err := compiler()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(file)
	cmd.Env, cmd.Stdin, cmd.Stderr = append(os.Environ(), compileEnv+"="+exportOf(src)), bytes.NewReader(src.Code), os.Stderr
	if src.Compiled, err = cmd.Output(); err != nil {
		t.Fatal(err)
	}
	return src
}

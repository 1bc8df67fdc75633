//go:build !race

package wasm

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
)

// TestMain compiles its standard input for a test that runs under the race detector.
func TestMain(m *testing.M) {
	export := os.Getenv(compileEnv)
	if export == "" {
		os.Exit(m.Run())
	}
	code, err := io.ReadAll(os.Stdin)
	p, failed := NewPrecompiler(Config{API: fixtureAPI}, "")
	if err = errors.Join(err, failed); err != nil {
		log.Fatal(err)
	}
	src, err := p.Prepare(context.Background(), sandbox.Source{Name: "guest.wasm", Code: code, Export: export})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.Write(src.Compiled); err != nil {
		log.Fatal(err)
	}
}

// compiled has nothing to add: compiling 3 MB takes a second.
func compiled(_ *testing.T, src sandbox.Source) sandbox.Source { return src }

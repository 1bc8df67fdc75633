package wasm

import (
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
)

// compileEnv has a process of this test compile a module, and names its handler.
const compileEnv = "ANNEX_TEST_COMPILE"

// TestConformance has one engine for all rules, and one program that stays open:
// the guests are 3 MB that take a second to compile, and programs of one source
// share what it is compiled to.
func TestConformance(t *testing.T) {
	guests := sandboxtest.WebAssembly(t)
	engine, err := New(Config{API: sandboxtest.API(), Cache: compiledOnce, Crashed: func(c sandbox.Crash) {
		t.Logf("crash: %v\n%s", c.Value, c.Stack)
	}})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := engine.Compile(t.Context(), compiled(t, guests.Guests[sandboxtest.Spin]))
	if err != nil {
		t.Fatal(err)
	}
	sandboxtest.Run(t, func(t *testing.T, c sandboxtest.Config) sandbox.Engine { return lent{engine} }, guests)
	if err := kept.Close(); err != nil {
		t.Error(err)
	}
	if n := len(engine.modules); n > 0 {
		t.Errorf("%d sources are still compiled after their programs were closed", n)
	}
	if err := engine.Close(); err != nil {
		t.Error(err)
	}
}

// lent is an engine that stays open.
type lent struct{ sandbox.Engine }

func (lent) Close() error { return nil }

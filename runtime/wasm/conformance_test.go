package wasm

import (
	"errors"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
)

func TestConformance(t *testing.T) {
	guests := sandboxtest.WebAssembly(t)
	// As long as one program is open its code stays in the cache: compiling it
	// takes a second, and every rule makes an engine of its own.
	keeper, err := New(Config{API: sandboxtest.API(), Cache: compiledOnce})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := keeper.Compile(t.Context(), guests.Guests[sandboxtest.Spin])
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(kept.Close(), keeper.Close()); err != nil {
			t.Error(err)
		}
	}()
	sandboxtest.Run(t, func(t *testing.T, c sandboxtest.Config) sandbox.Engine {
		engine, err := New(Config{API: c.API, Cache: compiledOnce, Crashed: func(c sandbox.Crash) {
			t.Logf("crash: %v\n%s", c.Value, c.Stack)
		}})
		if err != nil {
			t.Fatal(err)
		}
		return engine
	}, guests)
}

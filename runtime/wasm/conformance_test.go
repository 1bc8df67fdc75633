package wasm

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// goGuests builds testdata/guests with the toolchain that runs the test.
func goGuests(t testing.TB) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "guests.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", file, "./testdata/guests")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// throwing says "boom" in its start function.
func throwing() []byte {
	return starting(func(m *binary.Module) (c binary.Code) {
		alloc := m.AddImport(kernelModule, "alloc", sigMap)
		store := m.AddImport(kernelModule, "store_u8", sigStore8)
		set := m.AddImport(kernelModule, "error_set", sigTake)
		block := m.AddGlobal(binary.I64, 0)
		c.I64(4).Call(alloc).GlobalSet(block)
		for i, letter := range "boom" {
			c.GlobalGet(block).I64(int64(i)).Op(binary.I64Add).I32(letter).Call(store)
		}
		return *c.GlobalGet(block).Call(set).Op(binary.Unreachable)
	})
}

func wasmGuests(code []byte) sandboxtest.Options {
	const noConcurrency = "a WebAssembly guest makes one call at a time"
	o := sandboxtest.Options{
		Guests: map[sandboxtest.Guest]sandbox.Source{sandboxtest.ThrowOnLoad: {Name: "guest.wasm", Code: throwing()}},
		Missing: map[sandboxtest.Guest]string{
			sandboxtest.RejectLoose: noConcurrency, sandboxtest.CallAll: noConcurrency, sandboxtest.CallLeave: noConcurrency,
			sandboxtest.NotAFunction: "a module without its handler is refused when it is compiled (TestBadModules)",
		},
		Invalid: map[string]sandbox.Source{
			"garbage":   {Name: "guest.wasm", Code: []byte("hello")},
			"truncated": {Name: "guest.wasm", Code: code[:len(code)/2]},
			"no export": {Name: "guest.wasm", Code: throwing(), Export: "absent"},
		},
	}
	for _, g := range []sandboxtest.Guest{
		sandboxtest.ReturnInput, sandboxtest.ReturnBody, sandboxtest.ReturnNothing, sandboxtest.ReturnString, sandboxtest.ReturnBytes,
		sandboxtest.Scribble, sandboxtest.ReturnLater, sandboxtest.Throw, sandboxtest.ThrowLater, sandboxtest.WaitForever,
		sandboxtest.Call, sandboxtest.CallBrief, sandboxtest.CallSync, sandboxtest.CallCatch, sandboxtest.SyncCatch, sandboxtest.CallMany,
		sandboxtest.CallBig, sandboxtest.CallBytes, sandboxtest.CallUnknown, sandboxtest.Log, sandboxtest.Spin, sandboxtest.Sleep,
		sandboxtest.Recurse, sandboxtest.Work, sandboxtest.Count, sandboxtest.Chance,
	} {
		o.Guests[g] = sandbox.Source{Name: "guest.wasm", Code: code, Export: strings.ReplaceAll(string(g), " ", "_")}
	}
	return o
}

func TestConformance(t *testing.T) {
	code := goGuests(t)
	// As long as one program is open its code stays in the cache: compiling it
	// takes a second, and every rule makes an engine of its own.
	keeper, err := New(Config{API: sandboxtest.API(), Cache: compiledOnce})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := keeper.Compile(t.Context(), sandbox.Source{Name: "guest.wasm", Code: code, Export: "spin"})
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
	}, wasmGuests(code))
}

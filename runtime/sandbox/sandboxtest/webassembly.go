package sandboxtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// WebAssembly returns the options of an engine that runs WebAssembly. Its guests
// are written in Go and built with the toolchain that runs the test.
func WebAssembly(t testing.TB) Options {
	t.Helper()
	code, err := goGuests()
	if err != nil {
		t.Fatal(err)
	}
	const noConcurrency = "a WebAssembly guest makes one call at a time"
	o := Options{
		Guests: map[Guest]sandbox.Source{ThrowOnLoad: {Name: "guest.wasm", Code: throwing()}},
		Missing: map[Guest]string{
			RejectLoose: noConcurrency, CallAll: noConcurrency, CallLeave: noConcurrency,
			NotAFunction: "a module without its handler is refused when it is compiled",
		},
		Invalid: map[string]sandbox.Source{
			"garbage":   {Name: "guest.wasm", Code: []byte("hello")},
			"truncated": {Name: "guest.wasm", Code: code[:len(code)/2]},
			"no export": {Name: "guest.wasm", Code: throwing(), Export: "absent"},
		},
	}
	for _, g := range []Guest{
		ReturnInput, ReturnBody, ReturnNothing, ReturnString, ReturnBytes, Scribble, ReturnLater, Throw, ThrowLater, WaitForever,
		Call, CallBrief, CallSync, CallCatch, SyncCatch, CallMany, CallBig, CallBytes, CallUnknown, Log, Spin, Sleep,
		Recurse, Work, Count, Chance,
	} {
		o.Guests[g] = sandbox.Source{Name: "guest.wasm", Code: code, Export: strings.ReplaceAll(string(g), " ", "_")}
	}
	return o
}

// goGuests builds testdata/guests.
var goGuests = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "annex-guests")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "guests.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", file,
		"github.com/annexhost/annex/runtime/sandbox/sandboxtest/testdata/guests")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// throwing says "boom" in its start function.
func throwing() []byte {
	const kernel = "extism:host/env"
	take := binary.FuncType{Params: []byte{binary.I64}}
	m := &binary.Module{}
	alloc := m.AddImport(kernel, "alloc", binary.FuncType{Params: []byte{binary.I64}, Results: []byte{binary.I64}})
	store := m.AddImport(kernel, "store_u8", binary.FuncType{Params: []byte{binary.I64, binary.I32}})
	set := m.AddImport(kernel, "error_set", take)
	block := m.AddGlobal(binary.I64, 0)
	c, empty := binary.Code{}, binary.Code{}
	c.I64(4).Call(alloc).GlobalSet(block)
	for i, letter := range "boom" {
		c.GlobalGet(block).I64(int64(i)).Op(binary.I64Add).I32(letter).Call(store)
	}
	c.GlobalGet(block).Call(set).Op(binary.Unreachable).End()
	start := m.AddFunc(binary.FuncType{}, nil, c)
	m.Start = &start
	empty.End()
	m.AddExport("handler", binary.KindFunc, m.AddFunc(binary.FuncType{}, nil, empty))
	return m.Encode()
}

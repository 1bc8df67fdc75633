package wasm

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// TestPrecompiler is that compiled code is found again, runs in another engine,
// and is compiled anew when a byte of it is not what was written.
func TestPrecompiler(t *testing.T) {
	dir := t.TempDir()
	src := sandbox.Source{Name: "guest.wasm", Code: guestModule(1, func(*binary.Module) (c binary.Code) { return *c.Op(binary.Unreachable) })}
	p, err := NewPrecompiler(Config{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if known, err := p.Known(src); known || err != nil {
		t.Fatalf("got %v, %v, want an unknown module", known, err)
	}
	first, err := p.Prepare(context.Background(), src)
	if err != nil || len(first.Compiled) == 0 {
		t.Fatalf("got %d bytes, %v: wazero's cache has no place for compiled code any more", len(first.Compiled), err)
	}
	again, err := NewPrecompiler(Config{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if known, err := again.Known(src); !known || err != nil {
		t.Errorf("after a restart: got %v, %v, want a known module", known, err)
	}
	if known, err := again.Known(sandbox.Source{Name: "guest.wasm", Code: src.Code, Export: "other"}); !known || err == nil {
		t.Errorf("an export that is missing: got %v, %v", known, err)
	}

	cache := NewCache()
	hits := 0
	e, err := New(Config{Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	defer e.Close()
	cache.entries.used = func() { hits++ }
	program, err := e.Compile(context.Background(), first)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if hits == 0 {
		t.Error("the compiled code was not used")
	}
	_, err = program.Run(context.Background(), sandbox.Invocation{}, nil)
	if e := sandbox.AsError(err); e == nil || e.Message != "unreachable" {
		t.Errorf("got %v, want a trap", err)
	}

	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got files %v, %v, want one", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	if known, _ := again.Known(src); known {
		t.Error("damaged code is taken for good")
	}
}

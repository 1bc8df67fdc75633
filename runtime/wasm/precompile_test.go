package wasm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// TestPrecompiler is that compiled code is found again, runs in another engine,
// and is compiled anew when a byte of it is not what was written.
func TestPrecompiler(t *testing.T) {
	dir := t.TempDir()
	src := sandbox.Source{Name: "guest.wasm", Code: sandboxtest.Module(1, func(*binary.Module) (c binary.Code) { return *c.Op(binary.Unreachable) })}
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

// TestStoredIsBounded is that compiled code that nobody uses makes room for what
// somebody does, and that another version's goes.
func TestStoredIsBounded(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, compilerName+"v1.0.0-annex-1-linux-amd64")
	if err := os.MkdirAll(old, 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := NewPrecompiler(Config{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("what another version compiled is still there")
	}
	p.most = 3500
	hour := time.Now().Add(-24 * time.Hour)
	for _, name := range []string{"a", "b", "c", "d"} {
		if name == "d" && p.read("a") == nil { // used: now it is not the oldest
			t.Error("a was removed although there is room")
		}
		p.write(name, bytes.Repeat([]byte(name), 1000))
		hour = hour.Add(time.Hour)
		if err := os.Chtimes(filepath.Join(p.dir, name), hour, hour); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
		if got := p.read(name) != nil; got != want {
			t.Errorf("%s: kept %v, want %v", name, got, want)
		}
	}
}

// TestCompiledCode is that a source and what it was compiled to make the same
// program, linked modules and start functions too, and that nothing damaged does.
func TestCompiledCode(t *testing.T) {
	counter := &binary.Module{}
	count := counter.AddGlobal(binary.I64, 0)
	next, begin := binary.Code{}, binary.Code{}
	next.GlobalGet(count).I64(1).Op(binary.I64Add).GlobalSet(count).GlobalGet(count).End()
	begin.I64(41).GlobalSet(count).End()
	counter.AddExport("next", binary.KindFunc, counter.AddFunc(binary.FuncType{Results: []byte{binary.I64}}, nil, next))
	start := counter.AddFunc(binary.FuncType{}, nil, begin)
	counter.Start = &start
	main := sandboxtest.Module(1, func(m *binary.Module) (c binary.Code) {
		// It traps unless the next number is 42 (0x51 is i64.eq).
		c.Call(m.AddImport("counter", "next", binary.FuncType{Results: []byte{binary.I64}})).I64(42).Op(0x51).If().Else().Op(binary.Unreachable).End()
		return c
	})
	src := sandbox.Source{Name: "guest.wasm", Code: binary.Link(main, map[string][]byte{"counter": counter.Encode()})}
	p, err := NewPrecompiler(Config{}, "")
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := p.Prepare(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	prepared.Code = nil // all that is needed is with it
	e, err := New(Config{Cache: NewCache()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	program, err := e.Compile(t.Context(), prepared)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for range 3 { // anew, and reset
		if _, err := program.Run(t.Context(), sandbox.Invocation{}, nil); err != nil {
			t.Error(err)
		}
	}
	if _, err := e.Compile(t.Context(), sandbox.Source{Name: "guest.wasm", Compiled: prepared.Compiled, Export: "absent"}); !errors.Is(err, &sandbox.Error{Code: sandbox.Invalid}) {
		t.Errorf("an export that is missing: got %v", err)
	}
	for _, n := range []int{0, 7, 11, 12, 40, len(prepared.Compiled) - 1} {
		if _, _, err := decodeCompiled(prepared.Compiled[:n], e.maxPages()); err == nil {
			t.Errorf("%d of %d bytes are taken for good", n, len(prepared.Compiled))
		}
	}
	if _, _, err := decodeCompiled(prepared.Compiled, e.maxPages()+1); err == nil {
		t.Error("modules rewritten for another limit of memory are taken")
	}
}

// TestRewritingIsNamed is that what is kept of modules is not taken any more when
// package binary writes another form of them: their counting would be the old one.
func TestRewritingIsNamed(t *testing.T) {
	const name, want = "4", "deebbda2d9108e85"
	all := sandboxtest.Endless()
	all["everything overwritten"] = scribbler(2, []byte("hello"))
	all["returns, branches and tables"] = sandboxtest.Module(1, func(m *binary.Module) (c binary.Code) {
		m.Tables = []binary.Table{{Elem: binary.FuncRef, Limits: binary.Limits{Min: 1}}}
		callee := binary.Code{}
		callee.Block().Get(0).Op(0x0e, 1, 0, 0).End().Get(0).Return().End() // br_table
		f := m.AddFunc(binary.FuncType{Params: []byte{binary.I32}, Results: []byte{binary.I32}}, nil, callee)
		c.I32(1).Call(f).Op(binary.Drop).I32(0).I32(0).I32(0).Misc(12, 0, 0) // table.init
		c.I32(1).Op(binary.MemoryGrow, 0, binary.Drop)
		return c
	})
	sum := sha256.New()
	for _, what := range slices.Sorted(maps.Keys(all)) {
		m, err := binary.Decode(all[what])
		if err == nil {
			_, err = m.Instrument(binary.Options{MaxPages: 2048, MaxElements: 1000})
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		sum.Write(m.Encode())
	}
	if got := hex.EncodeToString(sum.Sum(nil))[:16]; got != want || rewriting != name {
		t.Errorf("modules are written in another form: raise rewriting, and say here that %q is %s", rewriting, got)
	}
}

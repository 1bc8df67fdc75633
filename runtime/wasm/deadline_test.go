package wasm

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// TestDeadline is the bar: from the deadline to the end under 20 ms, whatever a
// guest does, which bench/ measures on a quiet machine. Here other things run
// beside it, which can only make it later: the best of many tries has to be soon.
func TestDeadline(t *testing.T) {
	const wall, soon, tries = 50 * time.Millisecond, 60 * time.Millisecond, 30
	for name, code := range sandboxtest.Endless() {
		t.Run(name, func(t *testing.T) {
			p := compileGuest(t, Config{API: sandboxtest.EndlessAPI}, code)
			best := time.Hour
			for n := 0; n < 2 || n < tries && best > soon; n++ { // initialized, and from its snapshot
				start := time.Now()
				_, err := p.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Wall: wall}}, func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
					<-ctx.Done()
					return sandbox.Payload{}, ctx.Err()
				})
				best = min(best, time.Since(start)-wall)
				if !errors.Is(err, &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall}) {
					t.Fatalf("got %v, want a timeout", err)
				}
			}
			if best > soon {
				t.Errorf("the best of %d ended %v after the deadline, want %v", tries, best, soon)
			}
		})
	}
}

// compileGuest compiles a module under the name guest.wasm.
func compileGuest(t testing.TB, c Config, code []byte) sandbox.Program {
	t.Helper()
	c.Cache = compiledOnce
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Compile(context.Background(), sandbox.Source{Name: "guest.wasm", Code: code})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(p.Close(), e.Close()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestLimits(t *testing.T) {
	recursion := func(m *binary.Module) (c binary.Code) {
		self := uint32(m.FuncCount())
		f := binary.Code{}
		f.Call(self).End()
		m.AddFunc(binary.FuncType{}, nil, f)
		c.Call(self)
		return c
	}
	greedy := func(*binary.Module) (c binary.Code) {
		c.Loop().I32(16).Op(binary.MemoryGrow, 0).I32(-1).Op(binary.I32Eq).If().Op(binary.Unreachable).End().Br(0).End()
		return c
	}
	soon, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	ever := context.Background()
	for _, c := range []struct {
		rule   string
		ctx    context.Context
		code   []byte
		limits sandbox.Limits
		want   sandbox.Error
	}{
		{"recursion", ever, sandboxtest.Module(0, recursion), sandbox.Limits{}, sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonDepth}},
		{"memory", ever, sandboxtest.Module(1, greedy), sandbox.Limits{Memory: 4 << 20}, sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory}},
		{"memory at the start", ever, sandboxtest.Module(512, greedy), sandbox.Limits{Memory: 4 << 20}, sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory}},
		{"cpu", ever, sandboxtest.Module(0, sandboxtest.Spinning), sandbox.Limits{CPU: 20 * time.Millisecond}, sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonCPU}},
		{"no limit of depth or time but the context's", soon, sandboxtest.Module(0, sandboxtest.Spinning), sandbox.Limits{Wall: sandbox.Unlimited, CPU: sandbox.Unlimited, CallDepth: sandbox.Unlimited}, sandbox.Error{Code: sandbox.Timeout}},
	} {
		_, err := compileGuest(t, Config{}, c.code).Run(c.ctx, sandbox.Invocation{Limits: c.limits}, nil)
		if !errors.Is(err, &c.want) {
			t.Errorf("%s: got %v, want %s, %s", c.rule, err, c.want.Code, c.want.Reason)
		}
	}
}

// TestFuelIsSteady is that the same work is the same fuel, every time.
func TestFuelIsSteady(t *testing.T) {
	p := compileGuest(t, Config{}, sandboxtest.Module(0, func(m *binary.Module) (c binary.Code) {
		n := m.AddGlobal(binary.I64, 0)
		c.Loop().GlobalGet(n).I64(1).Op(binary.I64Add).GlobalSet(n).GlobalGet(n).I64(1_000_000).Op(binary.I64LtU).BrIf(0).End()
		return c
	}))
	var first uint64
	for i := range 5 {
		out, err := p.Run(context.Background(), sandbox.Invocation{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = out.Usage.Fuel
		}
		if out.Usage.Fuel != first || first < 1_000_000 {
			t.Errorf("run %d used %d units, the first %d", i, out.Usage.Fuel, first)
		}
	}
}

// TestBadModules is that everything wrong with a module is in one message.
func TestBadModules(t *testing.T) {
	many := &binary.Module{}
	nothing := binary.Code{}
	nothing.End()
	for range 100_000 {
		many.AddFunc(binary.FuncType{}, nil, nothing)
	}
	good := sandboxtest.Module(1, sandboxtest.Spinning)
	for _, c := range []struct {
		rule string
		code []byte
		want []string
	}{
		{"empty", nil, []string{"empty"}},
		{"no module", []byte("hello, world"), []string{"not a WebAssembly module"}},
		{"truncated", good[:len(good)-3], []string{"ends too early"}},
		{"wrong version", append([]byte("\x00asm\x02\x00\x00\x00"), good[8:]...), []string{"version 2"}},
		{"a component", []byte("\x00asm\x0d\x00\x01\x00"), []string{"component model"}},
		{"100,000 functions, and no handler", many.Encode(), []string{"100000 functions (max 20000)", `does not export "handler"`}},
		{"4 GB of memory", sandboxtest.Module(65536, sandboxtest.Spinning), []string{"4294967296 bytes"}},
		{"unknown imports", sandboxtest.Module(1, func(m *binary.Module) binary.Code {
			m.AddImport("env", "system", binary.FuncType{})
			m.AddImport(kernelModule, "tomorrow", binary.FuncType{})
			m.AddImport(wasiModule, "sched_yield", binary.FuncType{})
			return sandboxtest.Spinning(m)
		}), []string{"unknown import env.system", "unknown import extism:host/env.tomorrow", "wasi_snapshot_preview1.sched_yield has type (): want () -> i32"}},
		{"a reserved name", sandboxtest.Module(1, func(m *binary.Module) binary.Code {
			m.AddExport(binary.FuelExport, binary.KindMemory, 0)
			return sandboxtest.Spinning(m)
		}), []string{"reserved name"}},
		{"types that do not match", sandboxtest.Module(1, func(*binary.Module) (c binary.Code) { return *c.Op(binary.I64Add) }), []string{"invalid function"}},
	} {
		e, err := New(Config{Cache: compiledOnce})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Compile(context.Background(), sandbox.Source{Name: "bad.wasm", Code: c.code})
		if !errors.Is(err, &sandbox.Error{Code: sandbox.Invalid}) {
			t.Errorf("%s: got %v, want code invalid", c.rule, err)
			continue
		}
		for _, want := range append(c.want, "bad.wasm") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want it to say %q", c.rule, err, want)
			}
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

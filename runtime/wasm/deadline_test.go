package wasm

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// guestModule assembles a module whose handler is what code says.
func guestModule(pages uint32, build func(m *binary.Module) binary.Code) []byte {
	m := &binary.Module{}
	if pages > 0 {
		m.Memories = []binary.Limits{{Min: pages}}
	}
	code := build(m)
	code.End()
	m.AddExport(DefaultExport, binary.KindFunc, m.AddFunc(binary.FuncType{}, nil, code))
	return m.Encode()
}

func spinning(*binary.Module) (c binary.Code) {
	c.Loop().Br(0).End()
	return c
}

// tree calls itself twice for each level: it ends after 2^60 calls, without a
// loop and without much stack.
func tree(m *binary.Module) (c binary.Code) {
	self := uint32(m.FuncCount())
	f := binary.Code{}
	f.Get(0).Op(binary.I32Eqz).If().Return().End()
	for range 2 {
		f.Get(0).I32(1).Op(binary.I32Sub).Call(self)
	}
	f.End()
	m.AddFunc(binary.FuncType{Params: []byte{binary.I32}}, nil, f)
	c.I32(60).Call(self)
	return c
}

// bulk fills or copies all of the memory again and again.
func bulk(op uint32, immediates ...byte) func(*binary.Module) binary.Code {
	return func(*binary.Module) (c binary.Code) {
		c.Loop().I32(0).I32(1<<20).I32(63<<20).Misc(op, immediates...).Br(0).End()
		return c
	}
}

func calling(name string, args ...int64) func(*binary.Module) binary.Code {
	return func(m *binary.Module) (c binary.Code) {
		sig := binary.FuncType{Results: []byte{binary.I64}}
		for _, a := range args {
			sig.Params = append(sig.Params, binary.I64)
			c.I64(a)
		}
		c.Call(m.AddImport(userModule, name, sig)).Op(binary.Drop)
		return c
	}
}

// starting has a module do something in its start function.
func starting(build func(*binary.Module) binary.Code) []byte {
	m := &binary.Module{}
	code := build(m)
	code.End()
	start := m.AddFunc(binary.FuncType{}, nil, code)
	m.Start = &start
	empty := binary.Code{}
	empty.End()
	m.AddExport(DefaultExport, binary.KindFunc, m.AddFunc(binary.FuncType{}, nil, empty))
	return m.Encode()
}

func growing(m *binary.Module) (c binary.Code) {
	c.Loop().I32(1).Op(binary.MemoryGrow, 0, binary.Drop).Br(0).End()
	return c
}

// copied makes calls with arguments of 8 MiB that are not JSON: none leaves the
// sandbox, but the host has looked at them.
func copied(m *binary.Module) (c binary.Code) {
	alloc, wait := m.AddImport(kernelModule, "alloc", sigMap), m.AddImport(userModule, "test_wait", sigMap)
	block := m.AddGlobal(binary.I64, 0)
	c.I64(8 << 20).Call(alloc).GlobalSet(block)
	c.Loop().GlobalGet(block).Call(wait).Op(binary.Drop).Br(0).End()
	return c
}

var waitingAPI = sandbox.API{{Name: "test.wait", Params: []string{"value"}}}

// TestDeadline is the bar: from the deadline to the end under 20 ms, whatever a
// guest does. The limit here is wider, for a machine with other things to do.
func TestDeadline(t *testing.T) {
	const wall, soon = 50 * time.Millisecond, 250 * time.Millisecond
	for name, code := range map[string][]byte{
		"loop":                       guestModule(0, spinning),
		"call tree without loops":    guestModule(0, tree),
		"bulk fills":                 guestModule(1024, bulk(binary.MemoryFill, 0)),
		"bulk copies":                guestModule(1024, bulk(binary.MemoryCopy, 0, 0)),
		"memory that does not grow":  guestModule(1, growing),
		"loop in the start function": starting(spinning),
		"host call that waits":       guestModule(1, calling("test_wait", 0)),
		"arguments that are copied":  guestModule(1, copied),
	} {
		t.Run(name, func(t *testing.T) {
			p := compileGuest(t, Config{API: waitingAPI}, code)
			for range 2 {
				start := time.Now()
				out, err := p.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Wall: wall}}, func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
					<-ctx.Done()
					return sandbox.Payload{}, ctx.Err()
				})
				late := time.Since(start) - wall
				if !errors.Is(err, &sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonWall}) {
					t.Fatalf("got %v, want a timeout", err)
				}
				if late > soon {
					t.Errorf("ended %v after the deadline (the bar is 20 ms on a quiet machine)", late)
				}
				t.Logf("ended %v after the deadline, %d units of fuel", late.Round(time.Microsecond), out.Usage.Fuel)
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
	for _, c := range []struct {
		rule   string
		code   []byte
		limits sandbox.Limits
		want   sandbox.Error
	}{
		{"recursion", guestModule(0, recursion), sandbox.Limits{}, sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonDepth}},
		{"memory", guestModule(1, greedy), sandbox.Limits{Memory: 4 << 20}, sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory}},
		{"memory at the start", guestModule(512, greedy), sandbox.Limits{Memory: 4 << 20}, sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory}},
		{"cpu", guestModule(0, spinning), sandbox.Limits{CPU: 20 * time.Millisecond}, sandbox.Error{Code: sandbox.Timeout, Reason: sandbox.ReasonCPU}},
		{"no limit of depth or time but the context's", guestModule(0, spinning), sandbox.Limits{Wall: sandbox.Unlimited, CPU: sandbox.Unlimited, CallDepth: sandbox.Unlimited}, sandbox.Error{Code: sandbox.Timeout}},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := compileGuest(t, Config{}, c.code).Run(ctx, sandbox.Invocation{Limits: c.limits}, nil)
		cancel()
		if !errors.Is(err, &c.want) {
			t.Errorf("%s: got %v, want %s, %s", c.rule, err, c.want.Code, c.want.Reason)
		}
	}
}

// TestFuelIsSteady is that the same work is the same fuel, every time.
func TestFuelIsSteady(t *testing.T) {
	p := compileGuest(t, Config{}, guestModule(0, func(m *binary.Module) (c binary.Code) {
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
	good := guestModule(1, spinning)
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
		{"4 GB of memory", guestModule(65536, spinning), []string{"4294967296 bytes"}},
		{"unknown imports", guestModule(1, func(m *binary.Module) binary.Code {
			m.AddImport("env", "system", binary.FuncType{})
			m.AddImport(kernelModule, "tomorrow", binary.FuncType{})
			m.AddImport(wasiModule, "sched_yield", binary.FuncType{})
			return spinning(m)
		}), []string{"unknown import env.system", "unknown import extism:host/env.tomorrow", "wasi_snapshot_preview1.sched_yield has type (): want () -> i32"}},
		{"a reserved name", guestModule(1, func(m *binary.Module) binary.Code {
			m.AddExport(binary.FuelExport, binary.KindMemory, 0)
			return spinning(m)
		}), []string{"reserved name"}},
		{"types that do not match", guestModule(1, func(*binary.Module) (c binary.Code) { return *c.Op(binary.I64Add) }), []string{"invalid function"}},
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

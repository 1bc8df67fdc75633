//go:build unix

package worker_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
	"github.com/annexhost/annex/runtime/wasm"
	"github.com/annexhost/annex/runtime/wasm/binary"
	"github.com/annexhost/annex/runtime/worker"
)

// newModules is the engine of a worker that runs WebAssembly.
func newModules(s worker.Setup) (sandbox.Engine, error) {
	c := wasm.Config{API: sandboxtest.API(), MaxMemory: s.Memory, Crashed: s.Crashed, Cache: wasm.NewCache()}
	arena, err := wasm.NewArena(c.SnapshotRoom())
	if err != nil {
		return nil, err
	}
	c.Arena = arena
	return wasm.New(c)
}

// TestConformanceOfModules is the suite with WebAssembly in workers. They make
// machine code until they are sealed.
func TestConformanceOfModules(t *testing.T) {
	if worker.RaceDetector {
		t.Skip("every case compiles 3 MB, which takes minutes under the race detector; CI runs it without")
	}
	pre, err := wasm.NewPrecompiler(wasm.Config{API: sandboxtest.API()}, "")
	if err != nil {
		t.Fatal(err)
	}
	sandboxtest.Run(t, func(t *testing.T, c sandboxtest.Config) sandbox.Engine {
		return modulesEngine(t, worker.Config{Precompiler: pre})
	}, sandboxtest.WebAssembly(t))
}

func modulesEngine(t *testing.T, c worker.Config) *worker.Engine {
	t.Helper()
	c.Engine, c.MachineCode, c.Spares = "webassembly", true, 1
	c.Crashed = func(crash sandbox.Crash) { t.Logf("crash: %+v", crash) }
	c.Ended = func(e worker.Ending) { t.Logf("a worker ended: %s: %.600s", e.Cause, e.Detail) }
	engine, err := worker.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// filling is a module that begins with some memory and writes to all of it.
func filling(mib uint32) sandbox.Source {
	m := &binary.Module{Memories: []binary.Limits{{Min: mib << 4}}}
	c := binary.Code{}
	c.I32(0).I32(0xaa).I32(int32(mib<<20)).Misc(binary.MemoryFill, 0).End()
	m.AddExport("handler", binary.KindFunc, m.AddFunc(binary.FuncType{}, nil, c))
	return sandbox.Source{Name: "filling.wasm", Code: m.Encode()}
}

// TestMemoryOfModules is that a guest in a worker has the memory that the limit
// says, all of it and no more, whatever the limit is.
func TestMemoryOfModules(t *testing.T) {
	for limit, fits := range map[uint32]uint32{64: 62, 128: 126, 200: 198} {
		e := modulesEngine(t, worker.Config{Memory: int64(limit) << 20})
		p, err := e.Compile(context.Background(), filling(fits))
		if err != nil {
			t.Fatalf("limit of %d MiB: %v", limit, err)
		}
		for range 2 {
			if _, err := p.Run(context.Background(), sandbox.Invocation{Limits: sandbox.Limits{Memory: int64(limit) << 20}}, nil); err != nil {
				t.Errorf("%d MiB under a limit of %d: %v", fits, limit, err)
			}
		}
		if _, err := e.Compile(context.Background(), filling(limit+1)); !errors.Is(err, &sandbox.Error{Code: sandbox.Invalid}) {
			t.Errorf("%d MiB under a limit of %d: got %v, want it refused", limit+1, limit, err)
		}
		if err := errors.Join(p.Close(), e.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestMemoryOfModulesInLanes is that guests in all lanes of a worker at once have
// the memory that the limit says, beside the stacks of the threads that serve
// them: with cgo these are 8 MiB of addresses each, which count as data.
func TestMemoryOfModulesInLanes(t *testing.T) {
	const lanes, mib, limit = 16, 3, 64
	m := &binary.Module{Memories: []binary.Limits{{Min: mib << 4}}}
	wait := m.AddImport("extism:host/user", "test_later", binary.FuncType{Params: []byte{binary.I64}, Results: []byte{binary.I64}})
	c := binary.Code{}
	c.I32(0).I32(0xaa).I32(mib<<20).Misc(binary.MemoryFill, 0).I64(0).Call(wait).Op(binary.Drop).End()
	m.AddExport("handler", binary.KindFunc, m.AddFunc(binary.FuncType{}, nil, c))
	e := modulesEngine(t, worker.Config{Memory: limit << 20, PerTenant: 1, Lanes: lanes})
	p, err := e.Compile(context.Background(), sandbox.Source{Name: "waiting.wasm", Code: m.Encode()})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var here atomic.Int32
	together := make(chan struct{})
	for range lanes {
		all.Go(func() {
			_, err := p.Run(context.Background(), sandbox.Invocation{Tenant: "t"}, func(ctx context.Context, _ string, _ sandbox.Payload) (sandbox.Payload, error) {
				if here.Add(1) == lanes {
					close(together)
				}
				select {
				case <-together:
				case <-ctx.Done():
				}
				return sandbox.Payload{}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := errors.Join(p.Close(), e.Close()); err != nil {
		t.Error(err)
	}
}

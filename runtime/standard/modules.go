package standard

import (
	"context"
	"sync"
	"time"

	"github.com/annexhost/annex/bridge"
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm"
	"github.com/annexhost/annex/runtime/worker"
)

// modulesHere runs WebAssembly in this process. It is not started before there is
// a module. What is compiled is kept in dir, or in memory when that is empty: a
// module is compiled when it is installed, and again only after a restart.
func (h *Host) modulesHere(dir string) sandbox.Engine {
	return &lazyEngine{make: func() (sandbox.Engine, error) {
		c := wasm.Config{API: bridge.API(), MaxMemory: h.options.Limits.Sandbox.Memory, Crashed: h.reports.crashed}
		pre, err := wasm.NewPrecompiler(c, dir)
		if err != nil {
			return nil, err
		}
		c.Cache = wasm.NewCache()
		engine, err := newWebAssembly(c)
		if err != nil {
			return nil, err
		}
		return prepared{engine, pre}, nil
	}}
}

// prepared is an engine whose programs are compiled once.
type prepared struct {
	sandbox.Engine
	pre *wasm.Precompiler
}

// Compile implements [sandbox.Engine].
func (p prepared) Compile(ctx context.Context, src sandbox.Source) (sandbox.Program, error) {
	src, err := p.pre.Prepare(ctx, src)
	if err != nil {
		return nil, err
	}
	return p.Engine.Compile(ctx, src)
}

// moduleTime is the CPU time in which a module is compiled: 3 MB from Go take 3 s.
const moduleTime = time.Minute

// moduleWorkers runs it in workers, of which there are none either before there
// is a module.
// What is compiled for them is kept in dir, or in memory when that is empty.
func moduleWorkers(c worker.Config, dir string) *lazyEngine {
	c.MachineCode, c.Spares, c.CompileTime = true, 1, moduleTime
	return &lazyEngine{make: func() (sandbox.Engine, error) {
		inside := wasm.Config{API: bridge.API(), MaxMemory: c.Memory}
		pre, err := wasm.NewPrecompiler(inside, dir)
		if err != nil {
			return nil, err
		}
		c.Precompiler = pre
		engine, err := worker.New(c)
		if err != nil {
			return nil, err
		}
		return engine, nil
	}}
}

func newWebAssembly(c wasm.Config) (sandbox.Engine, error) {
	c.API = bridge.API()
	engine, err := wasm.New(c)
	if err != nil {
		return nil, err
	}
	return engine, nil
}

// modulesInside is the engine of a worker: one program, whose instances are kept
// as long as the worker is.
func modulesInside(s worker.Setup) (sandbox.Engine, error) {
	c := wasm.Config{MaxMemory: s.Memory, Crashed: s.Crashed, Cache: wasm.NewCache()}
	arena, err := wasm.NewArena(c.SnapshotRoom()) // before the jail, in which no files are made
	if err != nil {
		arena = nil // snapshots are copied
	}
	c.Arena = arena
	return newWebAssembly(c)
}

// lazyEngine is an engine that is made when it is first asked to compile.
type lazyEngine struct {
	make func() (sandbox.Engine, error)

	mu     sync.Mutex
	engine sandbox.Engine
}

// Compile implements [sandbox.Engine].
func (l *lazyEngine) Compile(ctx context.Context, src sandbox.Source) (sandbox.Program, error) {
	l.mu.Lock()
	if l.engine == nil {
		engine, err := l.make()
		if err != nil {
			l.mu.Unlock()
			return nil, err
		}
		l.engine = engine
	}
	engine := l.engine
	l.mu.Unlock()
	return engine.Compile(ctx, src)
}

// made is the engine when it is one of workers and has been made, and nil else.
func (l *lazyEngine) made() *worker.Engine {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, _ := l.engine.(*worker.Engine)
	return w
}

// Close implements [sandbox.Engine].
func (l *lazyEngine) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engine == nil {
		return nil
	}
	return l.engine.Close()
}

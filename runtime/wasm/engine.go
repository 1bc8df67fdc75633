package wasm

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// Defaults of [Config].
const (
	DefaultMaxMemory = 128 << 20
	DefaultIdle      = 4
	DefaultVars      = 1 << 20
)

// Config says how an [Engine] works. Its zero is an engine without methods.
type Config struct {
	// API lists the methods that the bridge offers.
	API sandbox.API

	// MaxMemory is what the memory of any invocation may come to, in bytes; its
	// own limit may be lower. 0 means DefaultMaxMemory, less than 0 as much as
	// 32-bit addresses reach.
	MaxMemory int64

	// Bounds are the sizes that a module may have.
	Bounds binary.Bounds

	// Idle is how many instances of a program are kept ready after invocations.
	// 0 means DefaultIdle, less than 0 none.
	Idle int

	// Vars limits the variables of an invocation, in bytes. 0 means DefaultVars,
	// less than 0 that there are none.
	Vars int64

	// Cache keeps compiled code. Nil: none is kept.
	Cache *Cache

	// Arena is where snapshots are kept, made before a process seals itself. Nil:
	// snapshots are kept where the system has a place for them.
	Arena *Arena

	// Crashed, when not nil, is told of a panic inside the engine or a Caller:
	// the guest sees no more than "internal error". It must not block.
	Crashed func(sandbox.Crash)

	host map[string]map[string]hostFunction // more host functions, for tests: by module and name
	raw  bool                               // results need not be JSON, for tests
}

// Engine runs WebAssembly on wazero. It is a [sandbox.Engine].
type Engine struct {
	config  Config
	methods map[string]sandbox.Method // by name
	user    map[string]hostFunction   // of extism:host/user
	runtime wazero.Runtime
	kernel  wazero.CompiledModule
	base    time.Time // the zero of the guests' monotonic clocks
	users   sync.WaitGroup

	mu      sync.Mutex
	modules map[[32]byte]*modules // of its programs, by the hash of their source
}

// New returns an engine.
func New(c Config) (*Engine, error) {
	c.MaxMemory = c.maxMemory()
	setDefault(&c.Idle, DefaultIdle)
	setDefault(&c.Vars, DefaultVars)
	c.Bounds.Pages = uint32(c.MaxMemory / pageSize)
	e := &Engine{config: c, methods: map[string]sandbox.Method{}, user: map[string]hostFunction{}, modules: map[[32]byte]*modules{}, base: time.Now()}
	for _, m := range c.API {
		name := strings.ReplaceAll(m.Name, ".", "_")
		if _, twice := e.user[name]; twice || m.Name == "" {
			return nil, fmt.Errorf("wasm: method %q: the name is empty or taken", m.Name)
		}
		e.methods[m.Name] = m
		e.user[name] = bridgeFunction(m.Name)
	}
	for _, f := range userFunctions {
		e.user[f.name] = f
	}
	return e, e.start()
}

func (c Config) maxMemory() int64 {
	const reach = 4<<30 - 2*pageSize // what a 32-bit address reaches, and room to shrink
	switch {
	case c.MaxMemory == 0:
		return DefaultMaxMemory
	case c.MaxMemory < 0:
		return reach
	}
	return min(c.MaxMemory, reach)
}

// SnapshotRoom is how large an [Arena] has to be for the snapshots of a program:
// addresses, until they are used.
func (c Config) SnapshotRoom() int64 { return c.maxMemory() + 1<<20 }

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// start makes the runtime and the host's modules in it.
func (e *Engine) start() error {
	ctx := context.Background()
	config := wazero.NewRuntimeConfig()
	if e.config.Cache != nil {
		config = config.WithCompilationCache(e.config.Cache.compilation)
	}
	e.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	modules := map[string][]hostFunction{
		wasiModule:        withMemory(wasiFunctions),
		binary.HostModule: append([]hostFunction{refillFunction}, hostFunctions...),
		userModule:        values(e.user),
	}
	for name, functions := range e.config.host {
		modules[name] = append(modules[name], values(functions)...)
	}
	for name, functions := range modules {
		b := e.runtime.NewHostModuleBuilder(name)
		for _, f := range functions {
			b.NewFunctionBuilder().WithGoModuleFunction(f.enter(), valueTypes(f.sig.Params), valueTypes(f.sig.Results)).Export(f.name)
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("wasm: module %s: %w", name, err)
		}
	}
	var err error
	e.kernel, err = e.runtime.CompileModule(ctx, buildKernel(e.maxPages()))
	if err != nil {
		return fmt.Errorf("wasm: the kernel: %w", err)
	}
	return nil
}

// maxPages is the maximum that memories are given: a page more than may be used,
// so that there is always one to ask for (see linear.shrink).
func (e *Engine) maxPages() uint32 { return uint32(e.config.MaxMemory/pageSize) + 1 }

func values(m map[string]hostFunction) []hostFunction {
	var all []hostFunction
	for _, f := range m {
		all = append(all, f)
	}
	return all
}

// Close implements [sandbox.Engine].
func (e *Engine) Close() error {
	e.users.Wait()
	return e.runtime.Close(context.Background())
}

var _ sandbox.Engine = (*Engine)(nil)

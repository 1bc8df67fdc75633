package wasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/annexhost/annex/runtime/wasm/binary"
)

// instance is the modules of a program with memories of their own. One
// invocation at a time runs in it; it is also the context of every call into
// its modules, which is how a function of the host finds it.
type instance struct {
	context.Context // of the invocation; Background between invocations

	program *program
	kernel  unit
	units   []unit // in the order of the program's modules
	export  api.Function
	memory  budget

	*invocation // nil between invocations
}

// unit is a module of an instance with its state.
type unit struct {
	module  api.Module
	memory  *linear // nil: it has none
	globals []api.MutableGlobal
	fuel    api.MutableGlobal // nil for the kernel
	depth   api.MutableGlobal
	written api.MutableGlobal // up to where the memory was written to; nil: anywhere
	home    *snapshot         // nil: not yet taken
}

// newInstance instantiates the modules of a program. No code of the guest runs.
func newInstance(p *program) (*instance, error) {
	in := &instance{Context: context.Background(), program: p}
	in.memory.limit = p.engine.config.MaxMemory
	var err error
	if in.kernel, err = in.instantiate(p.engine.kernel, nil, kernelGlobals, false); err != nil {
		return nil, err
	}
	in.kernel.written = in.kernel.globals[regMost]
	made := map[string]api.Module{kernelModule: in.kernel.module}
	for _, part := range p.modules.parts {
		u, err := in.instantiate(part.compiled, made, part.globals, true)
		if err != nil {
			in.close()
			return nil, err
		}
		in.units = append(in.units, u)
		if part.name != "" {
			made[part.name] = u.module
		}
	}
	main := in.units[len(in.units)-1].module
	if in.export = main.ExportedFunction(p.export); in.export == nil {
		in.close()
		return nil, fmt.Errorf("wasm: no export %q", p.export) // Compile has checked it
	}
	return in, nil
}

// instantiate makes one module. Its imports are those of the host, unless made
// has them.
func (in *instance) instantiate(compiled wazero.CompiledModule, made map[string]api.Module, globals []string, counted bool) (unit, error) {
	var u unit
	ctx := experimental.WithMemoryAllocator(context.Background(), experimental.MemoryAllocatorFunc(func(_, most uint64) experimental.LinearMemory {
		u.memory = newLinear(&in.memory, most)
		return u.memory
	}))
	ctx = experimental.WithImportResolver(ctx, func(name string) api.Module { return made[name] })
	m, err := in.make(ctx, compiled)
	if err != nil {
		if u.memory != nil {
			u.memory.Free()
		}
		return unit{}, err
	}
	u.module = m
	if u.memory != nil {
		u.memory.wasm = m.ExportedMemory(binary.MemoryExport)
	}
	for _, name := range globals {
		u.globals = append(u.globals, m.ExportedGlobal(name).(api.MutableGlobal))
	}
	if counted {
		u.fuel = m.ExportedGlobal(binary.FuelExport).(api.MutableGlobal)
		u.depth = m.ExportedGlobal(binary.DepthExport).(api.MutableGlobal)
	}
	return u, nil
}

// errNoMemory is a module that begins with more memory than there is.
var errNoMemory = errors.New("wasm: there is no memory for what the module begins with")

// make has wazero make a module. It panics where it does not get the memory that
// a module begins with: what the kernel has leaves less than the whole limit.
func (in *instance) make(ctx context.Context, compiled wazero.CompiledModule) (m api.Module, err error) {
	defer func() {
		if x := recover(); x != nil {
			m, err = nil, fmt.Errorf("wasm: making an instance failed: %v", x)
			if in.memory.refused {
				err = errNoMemory
			}
		}
	}()
	return in.program.engine.runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
}

// close lets go of the modules and their memories.
func (in *instance) close() {
	for i := len(in.units) - 1; i >= 0; i-- {
		_ = in.units[i].module.Close(context.Background())
	}
	if in.kernel.module != nil {
		_ = in.kernel.module.Close(context.Background())
	}
	in.units = nil
}

// each calls f for every module, the kernel first.
func (in *instance) each(f func(u *unit)) {
	f(&in.kernel)
	for i := range in.units {
		f(&in.units[i])
	}
}

// keep takes the snapshot that reset returns to.
func (in *instance) keep() []*snapshot {
	var all []*snapshot
	in.each(func(u *unit) {
		u.home = takeSnapshot(u, in.program.engine.config.Arena)
		all = append(all, u.home)
	})
	return all
}

// adopt has the instance begin with the state of snapshots.
func (in *instance) adopt(all []*snapshot) bool {
	i, ok := 0, true
	in.each(func(u *unit) {
		u.home = all[i]
		i++
		ok = ok && u.adopt()
	})
	return ok
}

// reset makes the state that of the snapshots. It reports whether that was
// possible.
func (in *instance) reset() bool {
	ok := true
	in.each(func(u *unit) { ok = ok && u.reset() })
	in.memory.refused = false
	return ok
}

package wasm

import (
	"context"
	"reflect"
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// pageSize is the unit of memories.
const pageSize = 64 << 10

// hostFunction is a function that guests import from the host. It finds its
// parameters on the stack and leaves its result there.
type hostFunction struct {
	name string
	sig  binary.FuncType
	call func(in *instance, guest api.Memory, stack []uint64)
}

// enter is the function as wazero calls it: the context of every call into a
// guest is its instance.
func (f hostFunction) enter() api.GoModuleFunction {
	return api.GoModuleFunc(func(ctx context.Context, m api.Module, stack []uint64) {
		in := ctx.(*instance)
		in.worked(workOfCall)
		f.call(in, m.Memory(), stack)
	})
}

func valueTypes(types []byte) []api.ValueType {
	out := make([]api.ValueType, len(types))
	copy(out, types)
	return out
}

// withMemory makes functions of ones that write to the guest's memory: a guest
// that has none has no use for them.
func withMemory(functions []hostFunction) []hostFunction {
	all := slices.Clone(functions)
	for i := range all {
		call := all[i].call
		all[i].call = func(in *instance, guest api.Memory, stack []uint64) {
			if reflect.ValueOf(guest).IsNil() { // wazero hands on a nil pointer
				in.end(&sandbox.Error{Code: sandbox.Thrown, Name: "RuntimeError", Message: "the module has no memory", Stack: in.program.frame(in.program.export)})
			}
			call(in, guest, stack)
		}
	}
	return all
}

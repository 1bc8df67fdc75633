package wasm

import (
	"context"

	"github.com/tetratelabs/wazero/api"

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
		f.call(ctx.(*instance), m.Memory(), stack)
	})
}

func valueTypes(types []byte) []api.ValueType {
	out := make([]api.ValueType, len(types))
	copy(out, types)
	return out
}

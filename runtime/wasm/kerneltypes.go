package wasm

import (
	"sync"

	"github.com/annexhost/annex/runtime/wasm/binary"
)

// kernelTypes are the types of the functions of extism:host/env, read from the
// kernel itself.
var kernelTypes = sync.OnceValue(func() map[string]binary.FuncType {
	types := map[string]binary.FuncType{}
	m, err := binary.Decode(buildKernel(1))
	if err != nil {
		panic(err) // a mistake in the kernel
	}
	for _, e := range m.Exports {
		if e.Kind == binary.KindFunc {
			types[e.Name], _ = m.FuncTypeOf(e.Index)
		}
	}
	return types
})

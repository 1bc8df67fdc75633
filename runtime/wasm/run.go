package wasm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/annexhost/annex/runtime/sandbox"
	module "github.com/annexhost/annex/runtime/wasm/binary"
)

// memory is a guest's memory, as functions of the host see it.
type memory = api.Memory

// begin puts the instance under an invocation.
func (in *instance) begin(ctx context.Context, i *invocation) *sandbox.Error {
	in.Context, in.invocation = ctx, i
	in.memory.limit = in.program.engine.config.MaxMemory
	if i.limits.Memory > 0 {
		in.memory.limit = min(in.memory.limit, i.limits.Memory)
	}
	in.memory.peak = in.memory.used
	if in.memory.used > in.memory.limit {
		return &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory,
			Message: fmt.Sprintf("memory limit exceeded: the module begins with %d bytes (max %d)", in.memory.used, in.memory.limit)}
	}
	depth := int64(1) << 40
	if i.limits.CallDepth > 0 {
		depth = int64(i.limits.CallDepth) * stackPerCall
	}
	for n := range in.units {
		in.units[n].fuel.Set(0)
		in.units[n].depth.Set(uint64(depth))
	}
	return nil
}

// finish ends what the invocation began outside of the guest.
func (i *invocation) finish() {
	if i.cancel != nil {
		i.cancel()
	}
}

// run performs an invocation in an instance in its initial state.
func (in *instance) run(ctx context.Context, i *invocation) (sandbox.Payload, *sandbox.Error) {
	if !i.alone() && in.program.first != nil {
		i.mono = in.program.first.mono
	}
	if failed := in.begin(ctx, i); failed != nil {
		return sandbox.Payload{}, failed
	}
	defer i.finish()
	if !in.setInput(i.input.JSON) {
		return sandbox.Payload{}, memoryError()
	}
	failed := in.call(in.export)
	if in.stopped == nil {
		in.flush()
	}
	if in.stopped != nil {
		failed = in.stopped
	}
	if failed != nil {
		return sandbox.Payload{}, failed
	}
	return in.result()
}

// initialize runs what a module runs before its first call: its start function,
// and what its language's runtime needs. Modules that others import come first.
func (in *instance) initialize(ctx context.Context, of *invocation) *sandbox.Error {
	i := &invocation{engine: of.engine, inv: of.inv, limits: of.limits, started: of.started, ended: of.ended, clock: time.Now(), loading: true, input: of.input, config: of.config}
	if i.inv.Wait = nil; of.alone() {
		i.clock, i.mono = of.clock, of.mono
	} else {
		i.inv.Now = nil // the program's, not the invocation's
		i.mono = int64(time.Since(i.engine.base))
	}
	i.caller = func(context.Context, string, sandbox.Payload) (sandbox.Payload, error) {
		return sandbox.Payload{}, &sandbox.Error{Code: sandbox.Unavailable, Message: "no calls can be made while the module is loaded"}
	}
	if failed := in.begin(ctx, i); failed != nil {
		return failed
	}
	defer i.finish()
	for n, part := range in.program.modules.parts {
		for _, name := range in.program.initializers(part.rewritten, in.units[n].module) {
			f := in.units[n].module.ExportedFunction(name)
			if failed := in.call(f, make([]uint64, len(f.Definition().ParamTypes()))...); failed != nil {
				return failed
			}
		}
	}
	return nil
}

// initializers are the exports to call before a module is used, in order.
func (p *program) initializers(of rewritten, m api.Module) (names []string) {
	has := func(name string, params int) bool {
		f := m.ExportedFunction(name)
		return f != nil && len(f.Definition().ParamTypes()) == params
	}
	if of.start {
		names = append(names, module.StartExport)
	}
	if of.name == "" && (p.export == "_start" || p.export == "_initialize") {
		return names
	}
	switch {
	case has("hs_init", 2): // Haskell
		if has("_initialize", 0) {
			names = append(names, "_initialize")
		}
		names = append(names, "hs_init")
	case has("_initialize", 0):
		names = append(names, "_initialize")
	case has("__wasm_call_ctors", 0):
		names = append(names, "__wasm_call_ctors")
	}
	return names
}

// call calls an export and says why it failed.
func (in *instance) call(f api.Function, params ...uint64) *sandbox.Error {
	var stack [4]uint64
	copy(stack[:], params)
	if in.stopped = in.over(in.Context); in.stopped != nil {
		return in.stopped
	}
	err := f.CallWithStack(in, stack[:])
	if in.stopped != nil {
		return in.stopped
	}
	if text, ok := in.errorText(); ok {
		return in.thrown(text)
	}
	var left *exit
	switch {
	case errors.As(err, &left):
		if left.code == 0 {
			return nil
		}
		return in.gaveUp(left.code)
	case err != nil:
		return in.trapped(err)
	}
	if results := f.Definition().ResultTypes(); len(results) == 1 && int32(stack[0]) != 0 {
		return in.gaveUp(uint32(stack[0]))
	}
	return nil
}

// registers of the kernel, by their place in kernelGlobals.
const (
	regHeap = iota
	regFree
	regInputOffset
	regInputLength
	regOutputOffset
	regOutputLength
	regError
	regMost
)

func (in *instance) register(n int) uint64 { return in.kernel.globals[n].Get() }

// alloc puts bytes into a new block of the kernel's memory. It returns 0 for no
// bytes, and where there is no room.
func (in *instance) alloc(data []byte) uint64 {
	n := uint64(len(data))
	if n == 0 || n > 1<<31 {
		return 0
	}
	heap := in.register(regHeap)
	block := heap + headerSize
	capacity := (n + 15) &^ 15
	end := block + capacity
	m := in.kernel.memory.wasm
	if have := uint64(m.Size()); heap > have || end > have {
		if heap > 1<<32 {
			return 0
		}
		if _, ok := m.Grow(uint32((end - have + pageSize - 1) / pageSize)); !ok {
			return 0
		}
	}
	var header [headerSize]byte
	binary.LittleEndian.PutUint32(header[:], uint32(n))
	binary.LittleEndian.PutUint32(header[4:], uint32(capacity))
	binary.LittleEndian.PutUint64(header[8:], block^activeTag)
	if !m.Write(uint32(heap), header[:]) || !m.Write(uint32(block), data) {
		return 0
	}
	in.kernel.globals[regHeap].Set(end)
	in.kernel.globals[regMost].Set(max(end, in.register(regMost)))
	return block
}

// mustAlloc is alloc for a host function: without room the invocation ends.
func (in *instance) mustAlloc(data []byte) uint64 {
	in.worked(len(data))
	block := in.alloc(data)
	if block == 0 && len(data) > 0 {
		in.end(memoryError())
	}
	return block
}

func memoryError() *sandbox.Error {
	return &sandbox.Error{Code: sandbox.Exhausted, Reason: sandbox.ReasonMemory, Message: "memory limit exceeded"}
}

// free gives the last block back. Others stay until the end of the invocation.
func (in *instance) free(block uint64) {
	header, ok := in.header(block)
	if !ok {
		return
	}
	end := block + uint64(binary.LittleEndian.Uint32(header[4:]))
	clear(header[8:])
	if end == in.register(regHeap) {
		in.kernel.globals[regHeap].Set(block - headerSize)
	}
}

// header is the header of a block that is in use.
func (in *instance) header(block uint64) ([]byte, bool) {
	if block < firstBlock || block > 1<<32 {
		return nil, false
	}
	header, ok := in.kernel.memory.wasm.Read(uint32(block-headerSize), headerSize)
	return header, ok && binary.LittleEndian.Uint64(header[8:]) == block^activeTag
}

// block returns the bytes of a block, which are the guest's: they change when it
// runs. ok is false when there is no such block.
func (in *instance) block(block uint64) (data []byte, ok bool) {
	header, ok := in.header(block)
	if !ok {
		return nil, false
	}
	return in.kernel.memory.wasm.Read(uint32(block), binary.LittleEndian.Uint32(header))
}

// setInput gives the guest its input.
func (in *instance) setInput(data []byte) bool {
	block := in.alloc(data)
	in.kernel.globals[regInputOffset].Set(block)
	in.kernel.globals[regInputLength].Set(uint64(len(data)))
	return block != 0 || len(data) == 0
}

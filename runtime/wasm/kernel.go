package wasm

import "github.com/annexhost/annex/runtime/wasm/binary"

// The kernel is the memory that guest and host share: blocks that are named by
// their offsets. Guests load and store through it eight bytes at a time, so it
// is a module itself, which their calls reach without passing through Go.
//
// A block has a header of 16 bytes before it: its length and its capacity (32
// bits each), and a tag that says whether it is in use and where it is. Guests
// can write everywhere in this memory, headers too: the host trusts none of it
// and checks each range that it reads. Nothing is ever written behind the block
// that reached furthest: what is there is zero, and needs no restoring.

const kernelModule = "extism:host/env"

// The exports of the kernel that the host uses.
const (
	kernelHeap         = "annex:heap"
	kernelFree         = "annex:free"
	kernelInputOffset  = "annex:input-offset"
	kernelInputLength  = "annex:input-length"
	kernelOutputOffset = "annex:output-offset"
	kernelOutputLength = "annex:output-length"
	kernelError        = "annex:error"
	kernelMost         = "annex:most"
)

var kernelGlobals = []string{
	kernelHeap, kernelFree, kernelInputOffset, kernelInputLength, kernelOutputOffset, kernelOutputLength, kernelError, kernelMost,
}

const (
	headerSize = 16
	firstBlock = 2 * headerSize     // the first header stands behind an offset that is not 0
	activeTag  = 0x616e6e65782d6b31 // xor the block's offset
	searchMost = 32                 // free blocks that are looked at
)

// kernelBuilder writes the kernel.
type kernelBuilder struct {
	m       *binary.Module
	globals map[string]uint32
}

var (
	sigNone   = binary.FuncType{}
	sigGet    = binary.FuncType{Results: []byte{binary.I64}}
	sigTake   = binary.FuncType{Params: []byte{binary.I64}}
	sigMap    = binary.FuncType{Params: []byte{binary.I64}, Results: []byte{binary.I64}}
	sigLoad8  = binary.FuncType{Params: []byte{binary.I64}, Results: []byte{binary.I32}}
	sigTake2  = binary.FuncType{Params: []byte{binary.I64, binary.I64}}
	sigStore8 = binary.FuncType{Params: []byte{binary.I64, binary.I32}}
	sigMap2   = binary.FuncType{Params: []byte{binary.I64, binary.I64}, Results: []byte{binary.I64}}
	sigGet32  = binary.FuncType{Results: []byte{binary.I32}}
)

// buildKernel writes the module extism:host/env: its twenty functions on memory,
// and the twelve of the host passed on. maxPages bounds its memory.
func buildKernel(maxPages uint32) []byte {
	k := &kernelBuilder{m: &binary.Module{}, globals: map[string]uint32{}}
	passed := make(map[string]uint32, len(hostFunctions))
	for _, f := range hostFunctions {
		passed[f.name] = k.m.AddImport(binary.HostModule, f.name, f.sig)
	}
	k.m.Memories = []binary.Limits{{Min: 1, Max: maxPages, HasMax: true}}
	for _, name := range kernelGlobals {
		initial := int64(0)
		if name == kernelHeap || name == kernelMost {
			initial = firstBlock - headerSize
		}
		k.globals[name] = k.m.AddGlobal(binary.I64, initial)
		k.m.AddExport(name, binary.KindGlobal, k.globals[name])
	}
	k.m.AddExport(binary.MemoryExport, binary.KindMemory, 0)
	for _, f := range hostFunctions {
		k.m.AddExport(f.name, binary.KindFunc, passed[f.name])
	}
	k.addBlocks()
	k.addAccess()
	k.addRegisters()
	return k.m.Encode()
}

func (k *kernelBuilder) export(name string, sig binary.FuncType, locals []byte, code binary.Code) {
	code.End()
	k.m.AddExport(name, binary.KindFunc, k.m.AddFunc(sig, locals, code))
}

// size leaves the bytes of the memory.
func size(c *binary.Code) *binary.Code {
	return c.Op(binary.MemorySize, 0, binary.I64ExtendU).I64(16).Op(binary.I64Shl)
}

// most leaves the end of what may be written to.
func (k *kernelBuilder) most(c *binary.Code) *binary.Code { return c.GlobalGet(k.globals[kernelMost]) }

// header leaves the address of the header of the block in a local.
func header(c *binary.Code, block uint32) *binary.Code {
	return c.Get(block).I64(headerSize).Op(binary.I64Sub, binary.I32WrapI64)
}

// returnUnlessBlock returns, with result on the stack, unless a local names a
// block that is in use.
func (k *kernelBuilder) returnUnlessBlock(c *binary.Code, block uint32, result func()) {
	c.Get(block).I64(firstBlock).Op(binary.I64LtU)
	k.most(c.Get(block)).I64(8).Op(binary.I64Sub, binary.I64GtU, 0x72) // i32.or
	c.If()
	result()
	c.Return().End()
	header(c, block).Access(binary.LoadI64, 8)
	c.Get(block).I64(activeTag).Op(binary.I64Xor, binary.I64Ne).If()
	result()
	c.Return().End()
}

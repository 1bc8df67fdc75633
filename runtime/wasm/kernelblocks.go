package wasm

import "github.com/annexhost/annex/runtime/wasm/binary"

// The locals of alloc.
const (
	allocSize = iota
	allocNeed
	allocAt
	allocPrevious
	allocCount
)

// addBlocks adds what makes and frees blocks.
func (k *kernelBuilder) addBlocks() {
	c := binary.Code{}
	// Nothing, or more than fits: no block.
	c.Get(allocSize).Op(binary.I64Eqz).Get(allocSize).I64(1<<31).Op(binary.I64GtU, 0x72).If().I64(0).Return().End()
	c.Get(allocSize).I64(15).Op(binary.I64Add).I64(-16).Op(binary.I64And).Set(allocNeed)
	k.allocFree(&c)
	k.allocEnd(&c)
	k.export("alloc", sigMap, []byte{binary.I64, binary.I64, binary.I64, binary.I64}, c)

	c = binary.Code{}
	k.returnUnlessBlock(&c, 0, func() {})
	header(&c, 0).I64(0).Access(binary.StoreI64, 8)
	c.Get(0).GlobalGet(k.globals[kernelInputOffset]).Op(0x51).If() // i64.eq
	c.I64(0).GlobalSet(k.globals[kernelInputLength]).End()
	// The last block gives its place back; another one is kept in a list.
	header(&c, 0).Access(0x35, 4).Get(0).Op(binary.I64Add).GlobalGet(k.globals[kernelHeap]).Op(0x51).If() // i64.load32_u
	c.Get(0).I64(headerSize).Op(binary.I64Sub).GlobalSet(k.globals[kernelHeap])
	c.Else()
	c.Get(0).Op(binary.I32WrapI64).GlobalGet(k.globals[kernelFree]).Access(binary.StoreI64, 0)
	c.Get(0).GlobalSet(k.globals[kernelFree])
	c.End()
	k.export("free", sigTake, nil, c)

	for _, name := range []string{"length", "length_unsafe"} {
		c = binary.Code{}
		k.returnUnlessBlock(&c, 0, func() { c.I64(0) })
		header(&c, 0).Access(0x35, 0)
		k.export(name, sigMap, nil, c)
	}
}

// allocFree returns a block that was freed and is large enough. It looks at a
// few only: a guest can make the list a ring.
func (k *kernelBuilder) allocFree(c *binary.Code) {
	free := k.globals[kernelFree]
	c.GlobalGet(free).Set(allocAt)
	c.I64(0).Set(allocPrevious)
	c.I64(searchMost).Set(allocCount)
	c.Block().Loop()
	c.Get(allocAt).I64(firstBlock).Op(binary.I64LtU).BrIf(1)
	k.most(c.Get(allocAt).I64(8).Op(binary.I64Add)).Op(binary.I64GtU).BrIf(1)
	c.Get(allocCount).Op(binary.I64Eqz).BrIf(1)
	header(c, allocAt).Access(0x35, 4).Get(allocNeed).Op(0x5a).If() // i64.ge_u
	c.Get(allocPrevious).Op(binary.I64Eqz).If()
	c.Get(allocAt).Op(binary.I32WrapI64).Access(binary.LoadI64, 0).GlobalSet(free)
	c.Else()
	c.Get(allocPrevious).Op(binary.I32WrapI64).Get(allocAt).Op(binary.I32WrapI64).Access(binary.LoadI64, 0).Access(binary.StoreI64, 0)
	c.End()

	header(c, allocAt).Get(allocSize).Op(binary.I32WrapI64).Access(binary.StoreI32, 0)
	header(c, allocAt).Get(allocAt).I64(activeTag).Op(binary.I64Xor).Access(binary.StoreI64, 8)
	c.Get(allocAt).Return().End()
	c.Get(allocAt).Set(allocPrevious)
	c.Get(allocAt).Op(binary.I32WrapI64).Access(binary.LoadI64, 0).Set(allocAt)
	c.Get(allocCount).I64(1).Op(binary.I64Sub).Set(allocCount)
	c.Br(0).End().End()
}

// allocEnd returns a new block behind all others, and 0 where memory ends.
func (k *kernelBuilder) allocEnd(c *binary.Code) {
	heap := k.globals[kernelHeap]
	c.GlobalGet(heap).I64(headerSize).Op(binary.I64Add).Set(allocAt)
	c.Get(allocAt).Get(allocNeed).Op(binary.I64Add).Set(allocPrevious) // its end
	size(c.Get(allocPrevious)).Op(binary.I64GtU).If()
	size(c.Get(allocPrevious)).Op(binary.I64Sub).I64(65535).Op(binary.I64Add).I64(16).Op(binary.I64ShrU).Op(binary.I32WrapI64)
	c.Op(binary.MemoryGrow, 0).I32(-1).Op(binary.I32Eq).If().I64(0).Return().End()
	c.End()
	header(c, allocAt).Get(allocSize).Op(binary.I32WrapI64).Access(binary.StoreI32, 0)
	header(c, allocAt).Get(allocNeed).Op(binary.I32WrapI64).Access(binary.StoreI32, 4)
	header(c, allocAt).Get(allocAt).I64(activeTag).Op(binary.I64Xor).Access(binary.StoreI64, 8)
	c.Get(allocPrevious).GlobalSet(heap)
	k.most(c.Get(allocPrevious)).Op(binary.I64GtU).If().Get(allocPrevious).GlobalSet(k.globals[kernelMost]).End()
	c.Get(allocAt)
}

// addAccess adds loads and stores. Behind the last block they read 0 and write
// nothing.
func (k *kernelBuilder) addAccess() {
	inside := func(bytes int64) binary.Code {
		c := binary.Code{}
		k.most(c.Get(0)).I64(bytes).Op(binary.I64Sub, binary.I64GtU)
		return c
	}
	for _, a := range []struct {
		name   string
		sig    binary.FuncType
		bytes  int64
		access byte
	}{
		{"load_u8", sigLoad8, 1, binary.LoadU8}, {"load_u64", sigMap, 8, binary.LoadI64},
	} {
		c := inside(a.bytes)
		c.If()
		zero(&c, a.sig).Return().End()
		c.Get(0).Op(binary.I32WrapI64).Access(a.access, 0)
		k.export(a.name, a.sig, nil, c)

		c = binary.Code{}
		// offset + bytes > length, without overflow: length < bytes or offset > length - bytes
		length := k.globals[kernelInputLength]
		c.GlobalGet(length).I64(a.bytes).Op(binary.I64LtU)
		c.Get(0).GlobalGet(length).I64(a.bytes).Op(binary.I64Sub, binary.I64GtU, 0x72).If()
		zero(&c, a.sig).Return().End()
		c.Get(0).GlobalGet(k.globals[kernelInputOffset]).Op(binary.I64Add, binary.I32WrapI64).Access(a.access, 0)
		k.export("input_"+a.name, a.sig, nil, c)
	}
	c := inside(1)
	c.If().Return().End()
	c.Get(0).Op(binary.I32WrapI64).Get(1).Access(binary.StoreU8, 0)
	k.export("store_u8", sigStore8, nil, c)
	c = inside(8)
	c.If().Return().End()
	c.Get(0).Op(binary.I32WrapI64).Get(1).Access(binary.StoreI64, 0)
	k.export("store_u64", sigTake2, nil, c)
}

func zero(c *binary.Code, sig binary.FuncType) *binary.Code {
	if sig.Results[0] == binary.I32 {
		return c.I32(0)
	}
	return c.I64(0)
}

// addRegisters adds what says where input, output and error are.
func (k *kernelBuilder) addRegisters() {
	get := func(name, global string) {
		c := binary.Code{}
		c.GlobalGet(k.globals[global])
		k.export(name, sigGet, nil, c)
	}
	set := func(name string, sig binary.FuncType, globals ...string) {
		c := binary.Code{}
		for i, g := range globals {
			c.Get(uint32(i)).GlobalSet(k.globals[g])
		}
		k.export(name, sig, nil, c)
	}
	set("input_set", sigTake2, kernelInputOffset, kernelInputLength)
	get("input_offset", kernelInputOffset)
	get("input_length", kernelInputLength)
	set("output_set", sigTake2, kernelOutputOffset, kernelOutputLength)
	get("output_offset", kernelOutputOffset)
	get("output_length", kernelOutputLength)
	set("error_set", sigTake, kernelError)
	get("error_get", kernelError)
	c := binary.Code{}
	size(&c)
	k.export("memory_bytes", sigGet, nil, c)
	c = binary.Code{}
	for _, g := range kernelGlobals {
		if g == kernelMost {
			continue // what was written stays
		}
		c.I64(0)
		if g == kernelHeap {
			c = binary.Code{}
			c.I64(firstBlock - headerSize)
		}
		c.GlobalSet(k.globals[g])
	}
	k.export("reset", sigNone, nil, c)
}

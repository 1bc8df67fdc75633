package sandboxtest

import (
	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/wasm/binary"
)

// Module assembles a WebAssembly module with so many pages of memory, whose
// handler is what build writes; build may add to the module first.
func Module(pages uint32, build func(m *binary.Module) binary.Code) []byte {
	m := &binary.Module{}
	if pages > 0 {
		m.Memories = []binary.Limits{{Min: pages}}
	}
	code := build(m)
	code.End()
	m.AddExport("handler", binary.KindFunc, m.AddFunc(binary.FuncType{}, nil, code))
	return m.Encode()
}

// EndlessAPI is what the guests of [Endless] call; it answers when ctx is done.
var EndlessAPI = sandbox.API{{Name: "test.wait", Params: []string{"value"}}}

// Endless returns WebAssembly modules that do not end by themselves, by what they
// do. A host ends each soon after its deadline.
func Endless() map[string][]byte {
	return map[string][]byte{
		"a loop":                       Module(0, Spinning),
		"a call tree without loops":    Module(0, tree),
		"a loop in the start function": Module(0, starting),
		"fills of 63 MiB":              Module(1024, bulk(binary.MemoryFill, 0)),
		"copies of 63 MiB":             Module(1024, bulk(binary.MemoryCopy, 0, 0)),
		"memory that does not grow":    Module(1, growing),
		"a host call that waits":       Module(1, waiting),
		"arguments that are copied":    Module(1, copied),
	}
}

// Spinning is the code of a loop without an end.
func Spinning(*binary.Module) (c binary.Code) {
	c.Loop().Br(0).End()
	return c
}

// tree calls itself twice for each level: it ends after 2^60 calls, without a
// loop and without much stack.
func tree(m *binary.Module) (c binary.Code) {
	self := uint32(m.FuncCount())
	f := binary.Code{}
	f.Get(0).Op(binary.I32Eqz).If().Return().End()
	for range 2 {
		f.Get(0).I32(1).Op(binary.I32Sub).Call(self)
	}
	f.End()
	m.AddFunc(binary.FuncType{Params: []byte{binary.I32}}, nil, f)
	c.I32(60).Call(self)
	return c
}

// starting has the loop in the start function.
func starting(m *binary.Module) binary.Code {
	code := Spinning(m)
	code.End()
	start := m.AddFunc(binary.FuncType{}, nil, code)
	m.Start = &start
	return nil
}

// bulk fills or copies all of the memory again and again.
func bulk(op uint32, immediates ...byte) func(*binary.Module) binary.Code {
	return func(*binary.Module) (c binary.Code) {
		c.Loop().I32(0).I32(1<<20).I32(63<<20).Misc(op, immediates...).Br(0).End()
		return c
	}
}

func growing(*binary.Module) (c binary.Code) {
	c.Loop().I32(1).Op(binary.MemoryGrow, 0, binary.Drop).Br(0).End()
	return c
}

// ofBlocks is the type of functions of the host from one block of its memory to
// another.
var ofBlocks = binary.FuncType{Params: []byte{binary.I64}, Results: []byte{binary.I64}}

func waiting(m *binary.Module) (c binary.Code) {
	c.I64(0).Call(m.AddImport("extism:host/user", "test_wait", ofBlocks)).Op(binary.Drop)
	return c
}

// copied makes calls with arguments of 8 MiB that are not JSON: none leaves the
// sandbox, but the host has looked at them.
func copied(m *binary.Module) (c binary.Code) {
	alloc, wait := m.AddImport("extism:host/env", "alloc", ofBlocks), m.AddImport("extism:host/user", "test_wait", ofBlocks)
	block := m.AddGlobal(binary.I64, 0)
	c.I64(8 << 20).Call(alloc).GlobalSet(block)
	c.Loop().GlobalGet(block).Call(wait).Op(binary.Drop).Br(0).End()
	return c
}

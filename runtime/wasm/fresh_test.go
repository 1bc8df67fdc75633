package wasm

import (
	"bytes"
	"context"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/sandbox/sandboxtest"
	module "github.com/annexhost/annex/runtime/wasm/binary"
)

// scribbler is a guest that traps unless everything that it can reach is as it
// was at the start, and then overwrites all of it: memory, what memory it can
// get beyond, globals, and the kernel's memory.
func scribbler(pages uint32, data []byte) []byte {
	return sandboxtest.Module(pages, func(m *module.Module) (c module.Code) {
		kernelFunc := func(name string) uint32 { return m.AddImport(kernelModule, name, kernelTypes()[name]) }
		load, store, size, alloc := kernelFunc("load_u64"), kernelFunc("store_u64"), kernelFunc("memory_bytes"), kernelFunc("alloc")
		setVar, getVar := kernelFunc("var_set"), kernelFunc("var_get")
		global := m.AddGlobal(module.I64, 7)
		at, sum := m.AddGlobal(module.I64, 0), m.AddGlobal(module.I64, 0)
		m.AddData(1000, data)
		trapUnless := func() { c.If().Else().Op(module.Unreachable).End() }
		advance := func(to func()) {
			c.GlobalGet(at).I64(8).Op(module.I64Add).GlobalSet(at)
			c.GlobalGet(at)
			to()
			c.Op(module.I64LtU).BrIf(0).End()
		}
		c.GlobalGet(global).I64(7).Op(0x51) // i64.eq
		trapUnless()
		c.Op(module.MemorySize, 0).I32(int32(pages)).Op(module.I32Eq)
		trapUnless()
		// Every byte of the memory.
		c.Loop().GlobalGet(sum).GlobalGet(at).Op(module.I32WrapI64).Access(module.LoadI64, 0).Op(module.I64Add).GlobalSet(sum)
		advance(func() { c.I64(int64(pages) << 16) })
		c.GlobalGet(sum).I64(sumOf(pages, data)).Op(0x51)
		trapUnless()
		// The kernel's, behind the input: a block has it within reach.
		c.I64(300_000).Call(alloc).Op(module.Drop)
		c.I64(4096).GlobalSet(at)
		c.Loop().GlobalGet(at).Call(load).Op(module.I64Eqz)
		trapUnless()
		advance(func() { c.Call(size) })
		c.I64(4096).Call(alloc).Op(module.Drop)
		c.I64(64).Call(alloc).Call(getVar).Op(module.I64Eqz)
		trapUnless()
		// Now everything is overwritten.
		c.I64(99).GlobalSet(global)
		c.I32(8).Op(module.MemoryGrow, 0, module.Drop)
		c.I32(0).I32(0xaa).Op(module.MemorySize, 0).I32(16).Op(0x74).Misc(module.MemoryFill, 0) // i32.shl
		c.I64(64).Call(alloc).I64(64).Call(alloc).Call(setVar)
		c.I64(64).GlobalSet(at)
		c.Loop().GlobalGet(at).I64(-1).Call(store)
		advance(func() { c.Call(size) })
		return c
	})
}

// sumOf is the sum of the words of a memory with data at 1000.
func sumOf(pages uint32, data []byte) (sum int64) {
	b := make([]byte, int(pages)<<16)
	copy(b[1000:], data)
	for ; len(b) > 0; b = b[8:] {
		sum += int64(binary.LittleEndian.Uint64(b))
	}
	return sum
}

// TestFresh is that no invocation sees anything of another, in memories that are
// copied and in those that are mapped.
func TestFresh(t *testing.T) {
	large := scribbler(60, bytes.Repeat([]byte("hello, world"), 200_000))
	for name, c := range map[string]struct {
		code  []byte
		arena int64 // bytes; 0: none
	}{
		"copied":                     {code: scribbler(2, []byte("hello"))},
		"mapped":                     {code: large},
		"mapped from an arena":       {code: large, arena: 4 << 20},
		"copied for want of a place": {code: large, arena: 1},
		"sparse":                     {code: scribbler(200, append(make([]byte, 7<<20), "end"...))},
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{}
			if c.arena > 0 {
				arena, err := NewArena(c.arena)
				if err != nil {
					t.Skip(err)
				}
				config.Arena = arena
			}
			p := compileGuest(t, config, c.code)
			var group sync.WaitGroup
			for range 3 {
				group.Go(func() {
					for range 20 {
						if _, err := p.Run(context.Background(), sandbox.Invocation{Input: sandbox.Payload{JSON: []byte("{}")}}, nil); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			checkIdle(t, p.(*program))
		})
	}
}

// TestPlaces is that a memory is its snapshot again, and zero behind it, however
// it was written to and grown, on systems that map and on those that do not.
func TestPlaces(t *testing.T) {
	const size, most = 256 << 10, 1 << 20
	for name, p := range map[string]place{"heap": &heapPlace{}, "system": newPlace(most)} {
		s := &snapshot{memory: bytes.Repeat([]byte("annex"), 30_000), size: size}
		s.image = newImage(s.memory, nil)
		p.grow(size)
		if !p.adopt(s, size) {
			t.Fatalf("%s: no room", name)
		}
		for n := range 70 { // it learns which pages are written
			end := uint64(size + n%3*(64<<10))
			b := p.grow(end)
			if got := b[:len(s.memory)]; !bytes.Equal(got, s.memory) || bytes.Count(b[len(s.memory):], []byte{0}) != len(b)-len(s.memory) {
				t.Fatalf("%s: after %d invocations it is not as it was", name, n)
			}
			for at := n % 7; at < len(b); at += 1000 * (1 + n%5) {
				b[at] ^= 0xff
			}
			p.restore(s, end)
			p.grow(size)
		}
		p.free()
	}
}

// checkIdle looks at the instances that wait for an invocation: all that their
// memories ever were is as it was at the start, also where a guest cannot look.
func checkIdle(t *testing.T, p *program) {
	t.Helper()
	if len(p.idle) == 0 {
		t.Error("no instance was kept")
	}
	for range len(p.idle) {
		in := <-p.idle
		in.each(func(u *unit) {
			want := u.home.memory
			for i, b := range u.memory.place.(interface{ everything() []byte }).everything() {
				if i < len(want) && b != want[i] || i >= len(want) && b != 0 {
					t.Errorf("byte %d of a memory is %#x", i, b)
					return
				}
			}
		})
		p.idle <- in
	}
}

func (p *heapPlace) everything() []byte { return p.b[:cap(p.b)] }

package binary_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	. "github.com/annexhost/annex/runtime/wasm/binary"
)

var number = FuncType{Params: []byte{I64}, Results: []byte{I64}}

// numbers are modules whose export f maps numbers to numbers by as many kinds of
// control flow as the rewriter touches.
var numbers = map[string]func(m *Module) Code{
	"straight": func(*Module) (c Code) { return *c.Get(0).I64(3).Op(I64Add) },
	"return":   func(*Module) (c Code) { return *c.Get(0).Op(I64Eqz).If().I64(7).Return().End().Get(0) },
	"return in nested blocks": func(m *Module) (c Code) {
		self := uint32(m.FuncCount())
		return *c.Block().Loop().Get(0).I64(5).Op(I64LtU).If().I64(1).Return().End().Get(0).I64(1).Op(I64Sub).Call(self).Return().End().End().I64(9)
	},
	"branch to the body": func(m *Module) (c Code) {
		self := uint32(m.FuncCount())
		return *c.Get(0).Get(0).Op(I64Eqz).BrIf(0).Op(Drop).Get(0).I64(1).Op(I64Sub).Call(self).I64(2).Op(I64Add)
	},
	"loop": func(m *Module) (c Code) {
		sum := m.AddGlobal(I64, 0)
		c.I64(0).GlobalSet(sum)
		c.Loop().GlobalGet(sum).Get(0).Op(I64Add).GlobalSet(sum).Get(0).I64(1).Op(I64Sub).Tee(0).I64(0).Op(I64Ne).BrIf(0).End()
		return *c.GlobalGet(sum)
	},
	"several results": func(m *Module) (c Code) {
		two := FuncType{Params: []byte{I64}, Results: []byte{I64, I64}}
		inner := Code{}
		inner.Get(0).Get(0).I64(1).Op(I64Add).End()
		f := m.AddFunc(two, nil, inner)
		outer := Code{}
		outer.Get(0).Call(f).Return().End()
		g := m.AddFunc(two, nil, outer)
		return *c.Get(0).Call(g).Op(I64Add)
	},
	"fill": func(*Module) (c Code) {
		c.I32(100).I32(5).Get(0).I64(65536).Op(I64ShrU-0, I32WrapI64).Misc(MemoryFill, 0)
		return *c.I32(100).Access(LoadI64, 0)
	},
	"fill of megabytes": func(*Module) (c Code) {
		c.I32(7).I32(0xab).I32(3<<20+5).Misc(MemoryFill, 0)
		return *c.I32(3<<20).Access(LoadI64, 0).I32(3<<20+8).Access(LoadI64, 0).Op(I64Add)
	},
	"overlapping copies": func(*Module) (c Code) {
		c.I32(0).Get(0).Access(StoreI64, 0).I32(2<<20).Get(0).I64(11).Op(I64Add).Access(StoreI64, 0)
		c.I32(1<<19).I32(0).I32(2<<20+100).Misc(MemoryCopy, 0, 0)
		c.I32(3).I32(1<<18).I32(3<<20-9).Misc(MemoryCopy, 0, 0)
		return *c.I32(1<<19-1<<18+3).Access(LoadI64, 0).I32(2<<20+1<<19-1<<18+3).Access(LoadI64, 0).Op(I64Add)
	},
	"a fill out of bounds": func(*Module) (c Code) {
		return *c.I32(64<<16-10).I32(1).I32(2<<20).Misc(MemoryFill, 0).I64(0)
	},
	"division by zero": func(*Module) (c Code) { return *c.I64(1).Get(0).Get(0).Op(I64Sub).Op(0x7f) },
}

func numberModule(build func(m *Module) Code) *Module {
	m := &Module{Memories: []Limits{{Min: 64}}}
	code := build(m)
	code.End()
	m.AddExport("f", KindFunc, m.AddFunc(number, nil, code))
	return m
}

// outcome runs f of a module for some numbers and says what came of it.
func outcome(t testing.TB, code []byte, refills *int) string {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	_, err := r.NewHostModuleBuilder(HostModule).NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) {
		if int64(stack[1]) < 0 {
			panic("too deep")
		}
		*refills++
		stack[0] = 50
	}), []api.ValueType{I64, I64}, []api.ValueType{I64}).Export(RefillImport).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Instantiate(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	if depth := m.ExportedGlobal(DepthExport); depth != nil {
		depth.(api.MutableGlobal).Set(1 << 20)
	}
	said := ""
	for _, n := range []uint64{0, 1, 7, 40} {
		results, err := m.ExportedFunction("f").Call(ctx, n)
		if err != nil {
			said += "trap "
			continue
		}
		said += fmt.Sprint(results[0], " ")
	}
	if depth := m.ExportedGlobal(DepthExport); depth != nil && said[0] != 't' && depth.Get() != 1<<20 {
		t.Errorf("the stack was not given back: %d", depth.Get())
	}
	return said
}

// TestInstrument is that a rewritten module computes the same.
func TestInstrument(t *testing.T) {
	for name, build := range numbers {
		if name == "loop" { // it does not end for 0
			old := build
			build = func(m *Module) Code {
				c := old(m)
				return append(*new(Code).Get(0).Op(I64Eqz).If().I64(0).Return().End(), c...)
			}
		}
		var refills int
		want := outcome(t, numberModule(build).Encode(), &refills)
		if refills > 0 {
			t.Errorf("%s: the original asked for fuel", name)
		}
		m, err := Decode(numberModule(build).Encode())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := m.Instrument(Options{MaxPages: 100, MaxElements: 10}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := outcome(t, m.Encode(), &refills); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if refills == 0 {
			t.Errorf("%s: no fuel was used", name)
		}
	}
}

// FuzzInstrument is that what wazero accepts it accepts after rewriting, and what
// it refuses it still refuses: nothing that is added can be reached by an index
// that was wrong.
func FuzzInstrument(f *testing.F) {
	for _, build := range numbers {
		f.Add(numberModule(build).Encode())
	}
	f.Add([]byte("\x00asm\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, code []byte) {
		m, err := Decode(code)
		if err != nil || len(m.Check(Bounds{Size: 1 << 16, Pages: 100, Functions: 100, Elements: 1000})) > 0 {
			return
		}
		ctx := context.Background()
		r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
		defer r.Close(ctx)
		_, before := r.CompileModule(ctx, code)
		if _, err := m.Instrument(Options{MaxPages: 200, MaxElements: 1000}); err != nil {
			return
		}
		changed := m.Encode()
		_, after := r.CompileModule(ctx, changed)
		if before != nil && strings.Contains(before.Error(), "custom section name") {
			return // names are for people: wrong ones are dropped
		}
		if (before == nil) != (after == nil) {
			t.Errorf("before: %v, after: %v", before, after)
		}
		if _, err := Decode(changed); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}

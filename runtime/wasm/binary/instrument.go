package binary

import (
	"fmt"
	"strings"
)

// Names of what [Module.Instrument] adds. A module that has one of them already
// is refused.
const (
	Reserved     = "annex:"       // what all of them begin with
	HostModule   = "annex:host"   // imports the refill from it
	RefillImport = "refill"       // (fuel, depth i64) -> fuel i64: called when one of them is below zero
	FuelExport   = "annex:fuel"   // mutable i64: units left until the next refill
	DepthExport  = "annex:depth"  // mutable i64: bytes of stack left
	StartExport  = "annex:start"  // what was the start function
	MemoryExport = "annex:memory" // the memory
	globalPrefix = "annex:g"      // a mutable global, by its index
)

// Units that instructions cost beside 1.
const (
	costImport = 100  // a call of an imported function
	costGrow   = 1000 // memory.grow
	costTable  = 2000 // filling, copying and initializing tables, which are small
	bulkShift  = 2    // filling and copying memory: 2^bulkShift bytes a unit
	bulkChunk  = 256 << 10
)

// MutableGlobal is the name under which global i is exported after [Module.Instrument].
func MutableGlobal(i int) string { return fmt.Sprintf("%s%d", globalPrefix, i) }

// Options say what to change.
type Options struct {
	MaxPages    uint32 // the maximum of the memory becomes this
	MaxElements uint32 // the maximum of each table becomes at most this
}

// instrumenter changes one module.
type instrumenter struct {
	m             *Module
	oldImports    uint32
	fuel, depth   uint32 // globals
	refill        uint32
	fill, copying uint32 // helpers
	usesBulk      bool
}

// Instrument changes the module so that it counts units of fuel and bytes of
// stack, keeps to the limits of memory and tables, runs nothing when it is
// instantiated, and shows all of its state. It returns the global variables
// that are its state, by their export names. Debugging sections are dropped.
func (m *Module) Instrument(o Options) ([]string, error) {
	for _, e := range m.Exports {
		if strings.HasPrefix(e.Name, Reserved) {
			return nil, fmt.Errorf("it exports %q, a reserved name", e.Name)
		}
	}
	in := &instrumenter{m: m, oldImports: uint32(m.importedFuncs)}
	bodies, starts := len(m.bodies), m.Start
	own := len(m.Globals)
	m.Start = nil
	in.fuel = m.AddGlobal(I64, 0)
	in.depth = m.AddGlobal(I64, 0)
	in.refill = m.AddImport(HostModule, RefillImport, FuncType{Params: []byte{I64, I64}, Results: []byte{I64}})
	in.fill = uint32(m.FuncCount())
	in.copying = in.fill + 1
	for i := range bodies {
		in.body(i)
	}
	if in.usesBulk {
		m.AddFunc(FuncType{Params: []byte{I32, I32, I32}}, nil, in.fillHelper())
		m.AddFunc(FuncType{Params: []byte{I32, I32, I32}}, nil, in.copyHelper())
	}
	in.indices(starts)
	in.sizes(o)
	in.names()
	return in.exports(own), nil
}

// function is the new index of a function.
func (in *instrumenter) function(old uint32) uint32 {
	if old >= in.oldImports {
		return old + 1
	}
	return old
}

// indices changes the function indices outside of code.
func (in *instrumenter) indices(start *uint32) {
	m := in.m
	visit := func(op byte, index uint32) uint32 {
		if op == opRefFunc {
			return in.function(index)
		}
		return index
	}
	for i := range m.Exports {
		if m.Exports[i].Kind == KindFunc {
			m.Exports[i].Index = in.function(m.Exports[i].Index)
		}
	}
	if start != nil {
		m.AddExport(StartExport, KindFunc, in.function(*start))
	}
	for i := range m.Globals {
		m.Globals[i].Init = constantIndices(m.Globals[i].Init, visit)
	}
	for i := range m.elements {
		e := &m.elements[i]
		for j := range e.funcs {
			e.funcs[j] = in.function(e.funcs[j])
		}
		for j := range e.exprs {
			e.exprs[j] = constantIndices(e.exprs[j], visit)
		}
	}
}

func (in *instrumenter) sizes(o Options) {
	for i := range in.m.Memories {
		l := &in.m.Memories[i]
		l.Max, l.HasMax = max(o.MaxPages, l.Min), true
	}
	for i := range in.m.Tables {
		l := &in.m.Tables[i].Limits
		if !l.HasMax || l.Max > o.MaxElements {
			l.Max, l.HasMax = max(o.MaxElements, l.Min), true
		}
	}
}

// exports shows the state: memory, fuel, depth and the mutable globals.
func (in *instrumenter) exports(own int) []string {
	m := in.m
	m.AddExport(FuelExport, KindGlobal, in.fuel)
	m.AddExport(DepthExport, KindGlobal, in.depth)
	if m.importedMems+len(m.Memories) > 0 {
		m.AddExport(MemoryExport, KindMemory, 0)
	}
	var state []string
	for i := range own {
		if !m.Globals[i].Mutable {
			continue
		}
		name := MutableGlobal(i)
		m.AddExport(name, KindGlobal, uint32(m.importedGlobal+i))
		state = append(state, name)
	}
	return state
}

// names keeps the names of functions for stack traces, and drops every other
// custom section.
func (in *instrumenter) names() {
	customs := in.m.Customs
	in.m.Customs = nil
	for _, c := range customs {
		if c.Name != "name" {
			continue
		}
		if data, ok := in.functionNames(c.Data); ok {
			in.m.Customs = append(in.m.Customs, Custom{Name: "name", Data: data})
		}
		return
	}
}

func (in *instrumenter) functionNames(data []byte) ([]byte, bool) {
	const functions = 1
	r := &reader{b: data}
	for r.left() > 0 && r.err == nil {
		id := r.byte()
		s := r.within(int(r.u32()))
		if id != functions || s.err != nil {
			continue
		}
		var names []byte
		n := s.count("names", 2)
		for range n {
			names = appendName(appendU32(names, in.function(s.u32())), s.name())
		}
		if s.err != nil {
			return nil, false
		}
		return appendBytes([]byte{functions}, append(appendU32(nil, uint32(n)), names...)), true
	}
	return nil, false
}

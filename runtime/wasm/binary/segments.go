package binary

import "fmt"

// constant reads a constant expression with its end.
func (r *reader) constant() []byte {
	start := r.at
	for r.err == nil {
		switch op := r.byte(); op {
		case opEnd:
			return r.b[start:r.at:r.at]
		case opI32Const:
			r.skipLEB(5)
		case opI64Const:
			r.skipLEB(10)
		case opF32Const:
			r.bytes(4)
		case opF64Const:
			r.bytes(8)
		case opGlobalGet, opRefFunc:
			r.u32()
		case opRefNull:
			r.byte()
		case opVector:
			if r.u32() != 12 { // v128.const
				r.fail("an instruction that is not constant")
			}
			r.bytes(16)
		default:
			r.fail("the instruction %#x is not constant", op)
		}
	}
	return nil
}

func (r *reader) segment() segment {
	s := segment{flag: r.u32()}
	switch s.flag {
	case 0:
		s.offset = r.constant()
	case 1:
	case 2:
		s.memory = r.u32()
		s.offset = r.constant()
	default:
		r.fail("a data segment of the unknown form %d", s.flag)
	}
	s.data = r.bytes(r.count("bytes", 1))
	return s
}

// The bits of an element segment's flag.
const (
	elementPassive  = 1
	elementExplicit = 2 // it has a table, or is declared
	elementExprs    = 4
)

func (r *reader) element() element {
	e := element{flag: r.u32()}
	if e.flag > 7 {
		r.fail("an element segment of the unknown form %d", e.flag)
		return e
	}
	if e.flag&elementPassive == 0 {
		if e.flag&elementExplicit != 0 {
			e.table = r.u32()
		}
		e.offset = r.constant()
	}
	if e.flag&(elementPassive|elementExplicit) != 0 {
		e.kind = r.byte()
		if e.flag&elementExprs == 0 && e.kind != 0 || e.flag&elementExprs != 0 && e.kind != FuncRef && e.kind != ExternRef {
			r.fail("an element segment of an unknown kind")
		}
	}
	n := r.count("elements", 1)
	for range n {
		if r.err != nil {
			break
		}
		if e.flag&elementExprs != 0 {
			e.exprs = append(e.exprs, r.constant())
		} else {
			e.funcs = append(e.funcs, r.u32())
		}
	}
	return e
}

// constantIndices calls visit with each index in a constant expression, and
// writes what it returns in its place.
func constantIndices(expr []byte, visit func(op byte, index uint32) uint32) []byte {
	r := &reader{b: expr}
	out := make([]byte, 0, len(expr)+2)
	for r.left() > 0 {
		start := r.at
		switch op := r.byte(); op {
		case opGlobalGet, opRefFunc:
			out = appendU32(append(out, op), visit(op, r.u32()))
			continue
		case opI32Const, opI64Const:
			r.skipLEB(10)
		case opF32Const:
			r.bytes(4)
		case opF64Const:
			r.bytes(8)
		case opRefNull:
			r.byte()
		case opVector:
			r.u32()
			r.bytes(16)
		}
		out = append(out, expr[start:r.at]...)
	}
	return out
}

// checkIndices checks every index outside of code.
func (m *Module) checkIndices() error {
	var err error
	check := func(op byte, index uint32) uint32 {
		limit := m.importedGlobal + len(m.Globals)
		if op == opRefFunc {
			limit = m.FuncCount()
		}
		if int64(index) >= int64(limit) && err == nil {
			err = fmt.Errorf("a constant expression names %d of %d", index, limit)
		}
		return index
	}
	for _, g := range m.Globals {
		constantIndices(g.Init, check)
	}
	for _, s := range m.data {
		constantIndices(s.offset, check)
		if s.flag != 1 && int64(s.memory) >= int64(m.importedMems+len(m.Memories)) && err == nil {
			err = fmt.Errorf("a data segment is for memory %d of %d", s.memory, m.importedMems+len(m.Memories))
		}
	}
	for _, e := range m.elements {
		constantIndices(e.offset, check)
		for _, f := range e.funcs {
			check(opRefFunc, f)
		}
		for _, x := range e.exprs {
			constantIndices(x, check)
		}
		if e.flag&elementPassive == 0 && int64(e.table) >= int64(m.importedTables+len(m.Tables)) && err == nil {
			err = fmt.Errorf("an element segment is for table %d of %d", e.table, m.importedTables+len(m.Tables))
		}
	}
	return err
}

package binary

// codeStats is what a compiler's time and memory depend on.
type codeStats struct {
	instrs        int
	blocks        int // block, loop and if
	depth         int
	locals        uint64
	targets       int // of the largest br_table
	allTargets    int
	calls         bool
	indirect      bool
	growsTable    bool
	changesTables bool
}

// maxDecodedLocals is where counting locals stops: beyond it nothing is kept.
const maxDecodedLocals = 1 << 20

func (m *Module) code(r *reader) {
	n := r.count("bodies", 2)
	for i := 0; i < n && r.err == nil; i++ {
		size := int(r.u32())
		b := r.within(size)
		if b.err != nil {
			r.fail("%w", b.err)
			return
		}
		m.bodies = append(m.bodies, m.body(i, b))
		if b.err != nil {
			r.fail("function %d: %w", m.importedFuncs+i, b.err)
		}
	}
}

// body reads the code of the function with number i of those that the module
// defines, and checks all indices in it.
func (m *Module) body(i int, r *reader) body {
	var b body
	params := 0
	if i < len(m.Funcs) {
		if t, ok := m.typeAt(m.Funcs[i]); ok {
			params = len(t.Params)
		}
	}
	for range r.count("local declarations", 2) {
		run := localRun{n: r.u32(), kind: r.byte()}
		if r.err == nil && !isValueType(run.kind) {
			r.fail("a local of the unknown type %#x", run.kind)
		}
		b.stats.locals += uint64(run.n)
		b.locals = append(b.locals, run)
	}
	if b.stats.locals > maxDecodedLocals {
		r.fail("it has %d locals", b.stats.locals)
	}
	b.code = r.b[r.at:]
	c := &reader{b: b.code, err: r.err}
	m.walk(c, &b.stats, uint64(params)+b.stats.locals)
	r.err, r.at = c.err, len(r.b)
	return b
}

// walk checks the instructions of a body and counts them.
func (m *Module) walk(r *reader, s *codeStats, locals uint64) {
	ends := 1 // that are missing
	for ends > 0 && r.err == nil {
		in := r.instr()
		s.instrs++
		switch in.op {
		case opBlock, opLoop, opIf:
			if !knownBlock(in.block, len(m.Types)) {
				r.fail("a block of type %d of %d", in.block, len(m.Types))
			}
			ends++
			s.blocks++
			s.depth = max(s.depth, ends-1)
		case opEnd:
			ends--
		case opBr, opBrIf, opBrTable:
			if int64(in.index) >= int64(ends) {
				r.fail("a branch out of the function")
			}
			s.targets = max(s.targets, in.targets)
			s.allTargets += in.targets
		case opLocalGet, opLocalSet, opLocalTee:
			m.within(r, "local", in.index, locals)
		default:
			m.walkOther(r, s, in)
		}
	}
	if r.err == nil && r.left() > 0 {
		r.fail("%d bytes behind its end", r.left())
	}
}

func (m *Module) walkOther(r *reader, s *codeStats, in instr) {
	tables := uint64(m.importedTables + len(m.Tables))
	memories := uint64(m.importedMems + len(m.Memories))
	switch in.op {
	case opCall:
		s.calls = true
		m.within(r, "function", in.index, uint64(m.FuncCount()))
	case opRefFunc:
		m.within(r, "function", in.index, uint64(m.FuncCount()))
	case opCallIndirect:
		s.calls, s.indirect = true, true
		m.within(r, "type", in.index, uint64(len(m.Types)))
		m.within(r, "table", in.index2, tables)
	case opGlobalGet, opGlobalSet:
		m.within(r, "global", in.index, uint64(m.importedGlobal+len(m.Globals)))
	case opTableGet:
		m.within(r, "table", in.index, tables)
	case opTableSet:
		s.changesTables = true
		m.within(r, "table", in.index, tables)
	case opMemorySize, opMemoryGrow:
		m.within(r, "memory", in.index, memories)
	case opMisc:
		m.walkMisc(r, s, in, tables)
	}
}

func (m *Module) walkMisc(r *reader, s *codeStats, in instr, tables uint64) {
	switch in.sub {
	case miscMemoryInit, miscMemoryCopy, miscMemoryFill:
		m.within(r, "memory", 0, uint64(m.importedMems+len(m.Memories)))
	case miscTableGrow:
		s.growsTable, s.changesTables = true, true
		m.within(r, "table", in.index, tables)
	case miscTableFill, miscTableSize:
		s.changesTables = s.changesTables || in.sub == miscTableFill
		m.within(r, "table", in.index, tables)
	case miscTableCopy:
		s.changesTables = true
		m.within(r, "table", max(in.index, in.index2), tables)
	case miscTableInit:
		s.changesTables = true
		m.within(r, "table", in.index2, tables)
	case miscElemDrop, miscDataDrop:
		s.changesTables = true
	}
}

func (m *Module) within(r *reader, what string, index uint32, n uint64) {
	if r.err == nil && uint64(index) >= n {
		r.fail("it names %s %d of %d", what, index, n)
	}
}

// knownBlock reports whether a block type is an index of types, or a negative number
// for no result, or for one of a number, a vector or a reference.
func knownBlock(block int64, types int) bool {
	switch block {
	case -0x40, -1, -2, -3, -4, -5, -0x10, -0x11:
		return true
	}
	return block >= 0 && block < int64(types)
}

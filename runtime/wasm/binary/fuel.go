package binary

// charge is what a stretch of code costs: the body outside of its loops, or a
// loop outside of the loops in it.
type charge struct{ units int64 }

// charges counts what each stretch of a body costs: the body itself first, then
// its loops in the order in which they begin.
func (in *instrumenter) charges(code []byte) []int64 {
	all := []charge{{1}}
	var open []int // what each open block is charged to
	now := 0
	r := &reader{b: code}
	for r.left() > 0 {
		i := r.instr()
		all[now].units += in.cost(i)
		switch i.op {
		case opBlock, opIf:
			open = append(open, now)
		case opLoop:
			open = append(open, now)
			all = append(all, charge{})
			now = len(all) - 1
		case opEnd:
			if len(open) > 0 {
				now = open[len(open)-1]
				open = open[:len(open)-1]
			}
		}
	}
	units := make([]int64, len(all))
	for i, c := range all {
		units[i] = c.units
	}
	return units
}

func (in *instrumenter) cost(i instr) int64 {
	switch {
	case i.op == opCall && i.index < in.oldImports:
		return costImport
	case i.op == opMemoryGrow:
		return costGrow
	case i.op == opMisc && i.sub >= miscTableInit && i.sub != miscElemDrop && i.sub != miscTableSize:
		return costTable
	}
	return 1
}

// frame is an estimate of the bytes of stack that a call of a function takes.
func (in *instrumenter) frame(i int) int64 {
	b := in.m.bodies[i]
	t, _ := in.m.typeAt(in.m.Funcs[i])
	return 96 + 8*(int64(len(t.Params)+len(t.Results))+int64(b.stats.locals)+int64(min(b.stats.instrs/4, 64)))
}

// body changes the code of the function with number i.
func (in *instrumenter) body(i int) {
	b := &in.m.bodies[i]
	t, _ := in.m.typeAt(in.m.Funcs[i])
	units := in.charges(b.code)
	out := make(Code, 0, len(b.code)+len(b.code)/4+64)
	frame := int64(0)
	if b.stats.calls {
		frame = in.frame(i)
	}
	out.GlobalGet(in.fuel).I64(units[0]).Op(I64Sub).GlobalSet(in.fuel)
	if frame > 0 {
		out.GlobalGet(in.depth).I64(frame).Op(I64Sub).GlobalSet(in.depth)
		out.GlobalGet(in.fuel).GlobalGet(in.depth).Op(I64Or)
	} else {
		out.GlobalGet(in.fuel)
	}
	in.check(&out)
	scratch := uint32(len(t.Params)) + uint32(b.stats.locals)
	c := copier{in: in, out: &out, units: units[1:], scratch: scratch, wrapped: frame > 0}
	if frame > 0 {
		out.Op(opBlock).blockType(in.m, t.Results)
	}
	c.copy(b.code)
	if frame > 0 {
		out.GlobalGet(in.depth).I64(frame).Op(I64Add).GlobalSet(in.depth).End()
	}
	if c.usesScratch {
		b.locals = append(b.locals, localRun{n: 1, kind: I32})
	}
	b.code = out
}

// blockType appends the type of a block without parameters.
func (c *Code) blockType(m *Module, results []byte) *Code {
	switch len(results) {
	case 0:
		return c.Op(0x40)
	case 1:
		return c.Op(results[0])
	}
	*c = appendS64(*c, int64(m.TypeIndex(FuncType{Results: results})))
	return c
}

// check ends a charge: what is on the stack is below zero when the host has to
// be asked.
func (in *instrumenter) check(out *Code) {
	out.I64(0).Op(I64LtS).If()
	out.GlobalGet(in.fuel).GlobalGet(in.depth).Call(in.refill).GlobalSet(in.fuel)
	out.End()
}

// copier copies a body and changes it on the way.
type copier struct {
	in          *instrumenter
	out         *Code
	units       []int64 // of the loops to come
	scratch     uint32  // a local of type i32
	usesScratch bool
	wrapped     bool // the body is inside a block
	depth       uint32
}

func (c *copier) copy(code []byte) {
	r := &reader{b: code}
	for r.left() > 0 {
		i := r.instr()
		switch i.op {
		case opBlock, opIf:
			c.depth++
		case opLoop:
			c.depth++
			*c.out = append(*c.out, code[i.start:i.end]...)
			c.out.GlobalGet(c.in.fuel).I64(c.units[0]).Op(I64Sub).GlobalSet(c.in.fuel).GlobalGet(c.in.fuel)
			c.in.check(c.out)
			c.units = c.units[1:]
			continue
		case opEnd:
			c.depth--
		case opReturn:
			if c.wrapped {
				c.out.Br(c.depth)
				continue
			}
		case opCall, opRefFunc:
			c.out.Index(i.op, c.in.function(i.index))
			continue
		case opMisc:
			if c.misc(i) {
				continue
			}
		}
		*c.out = append(*c.out, code[i.start:i.end]...)
	}
}

// misc charges for what works on as many bytes as it is told to, and reports
// whether it has written the instruction.
func (c *copier) misc(i instr) bool {
	switch i.sub {
	case miscMemoryFill:
		c.in.usesBulk = true
		c.out.Call(c.in.fill)
		return true
	case miscMemoryCopy:
		c.in.usesBulk = true
		c.out.Call(c.in.copying)
		return true
	case miscMemoryInit:
		c.usesScratch = true
		c.out.Tee(c.scratch)
		c.out.GlobalGet(c.in.fuel).Get(c.scratch).Op(I64ExtendU).I64(bulkShift).Op(I64ShrU, I64Sub).GlobalSet(c.in.fuel).GlobalGet(c.in.fuel)
		c.in.check(c.out)
	}
	return false
}

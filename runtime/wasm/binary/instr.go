package binary

// Opcodes that need more than their immediates skipped.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	opMisc         = 0xfc
	opVector       = 0xfd
)

// Instructions behind opMisc.
const (
	miscMemoryInit = 8
	miscDataDrop   = 9
	miscMemoryCopy = 10
	miscMemoryFill = 11
	miscTableInit  = 12
	miscElemDrop   = 13
	miscTableCopy  = 14
	miscTableGrow  = 15
	miscTableSize  = 16
	miscTableFill  = 17
)

// instr is one instruction of a body.
type instr struct {
	op         byte
	sub        uint32 // behind opMisc and opVector
	start, end int    // in the body's code
	index      uint32 // the first index, where there is one
	index2     uint32
	targets    int   // of br_table, the default one counted
	block      int64 // block type
}

// instr reads one instruction. What is not known is refused.
func (r *reader) instr() (in instr) {
	in.start = r.at
	in.op = r.byte()
	switch op := in.op; {
	case op == opBlock || op == opLoop || op == opIf:
		in.block = r.s33()
	case op == opBr || op == opBrIf || op == opCall, op >= opLocalGet && op <= opTableSet, op == opRefFunc:
		in.index = r.u32()
	case op == opBrTable:
		n := r.count("targets", 1)
		for range n + 1 {
			in.index = max(in.index, r.u32())
		}
		in.targets = n + 1
	case op == opCallIndirect:
		in.index, in.index2 = r.u32(), r.u32()
	case op == opSelectTyped:
		for range r.count("types", 1) {
			r.byte()
		}
	case op >= 0x28 && op <= 0x3e:
		r.memarg()
	case op == opMemorySize || op == opMemoryGrow:
		r.onlyMemory()
	case op == opI32Const:
		r.skipLEB(5)
	case op == opI64Const:
		r.skipLEB(10)
	case op == opF32Const:
		r.bytes(4)
	case op == opF64Const:
		r.bytes(8)
	case op == opRefNull:
		r.byte()
	case op == opMisc:
		in.sub = r.behindPrefix()
		r.misc(&in)
	case op == opVector:
		in.sub = r.behindPrefix()
		r.vector(&in)
	case op <= 0x01, op == opElse, op == opEnd, op == opReturn, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == opRefIsNull:
		// no immediates
	case op == 0xfe:
		r.fail("an instruction for threads, which is not supported")
	case op == 0x12 || op == 0x13:
		r.fail("a tail call, which is not supported")
	default:
		r.fail("the unknown instruction %#x", op)
	}
	in.end = r.at
	return in
}

// behindPrefix reads the number of an instruction behind a prefix, in its shortest
// form. wazero looks at the first byte alone, and takes what follows another form
// for instructions: one of these could name what is added here.
func (r *reader) behindPrefix() uint32 {
	from := r.at
	v := r.u32()
	if size := r.at - from; r.err == nil && (size > 2 || size == 2 && v < 0x80) {
		r.fail("the number %d behind %#x in a longer form than it needs", v, r.b[from-1])
	}
	return v
}

func (r *reader) memarg() {
	if align := r.u32(); r.err == nil && align >= 64 {
		r.fail(otherMemory)
	}
	r.skipLEB(5)
}

const otherMemory = "an access to another memory, which is not supported"

// onlyMemory reads the number of a memory: there is one.
func (r *reader) onlyMemory() {
	if r.byte() != 0 {
		r.fail(otherMemory)
	}
}

func (r *reader) misc(in *instr) {
	switch in.sub {
	case 0, 1, 2, 3, 4, 5, 6, 7:
	case miscMemoryInit:
		in.index = r.u32()
		r.onlyMemory()
	case miscMemoryCopy:
		r.onlyMemory()
		r.onlyMemory()
	case miscMemoryFill:
		r.onlyMemory()
	case miscTableInit, miscTableCopy:
		in.index, in.index2 = r.u32(), r.u32()
	case miscDataDrop, miscElemDrop, miscTableGrow, miscTableSize, miscTableFill:
		in.index = r.u32()
	default:
		r.fail("the unknown instruction 0xfc %d", in.sub)
	}
}

// vector reads the immediates of an instruction on vectors of 128 bits.
func (r *reader) vector(in *instr) {
	switch sub := in.sub; {
	case sub <= 11, sub == 92, sub == 93:
		r.memarg()
	case sub == 12, sub == 13:
		r.bytes(16)
	case sub >= 21 && sub <= 34:
		r.byte()
	case sub >= 84 && sub <= 91:
		r.memarg()
		r.byte()
	case sub > 255:
		r.fail("the unknown instruction 0xfd %d", sub)
	}
}

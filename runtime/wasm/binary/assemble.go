package binary

// Code is a body in the making. Its methods append instructions.
type Code []byte

// Op appends instructions that have no immediates.
func (c *Code) Op(ops ...byte) *Code { *c = append(*c, ops...); return c }

// Index appends an instruction with an index: a local, a global, a function, a
// branch.
func (c *Code) Index(op byte, index uint32) *Code {
	*c = appendU32(append(*c, op), index)
	return c
}

// Get appends local.get, Set local.set, Tee local.tee.
func (c *Code) Get(local uint32) *Code { return c.Index(opLocalGet, local) }

// Set appends local.set.
func (c *Code) Set(local uint32) *Code { return c.Index(opLocalSet, local) }

// Tee appends local.tee.
func (c *Code) Tee(local uint32) *Code { return c.Index(opLocalTee, local) }

// GlobalGet appends global.get.
func (c *Code) GlobalGet(global uint32) *Code { return c.Index(opGlobalGet, global) }

// GlobalSet appends global.set.
func (c *Code) GlobalSet(global uint32) *Code { return c.Index(opGlobalSet, global) }

// I64 appends i64.const.
func (c *Code) I64(v int64) *Code { *c = appendS64(append(*c, opI64Const), v); return c }

// I32 appends i32.const.
func (c *Code) I32(v int32) *Code { *c = appendS64(append(*c, opI32Const), int64(v)); return c }

// If, Block and Loop begin a block without parameters and results.
func (c *Code) If() *Code { return c.Op(opIf, 0x40) }

// Block begins a block.
func (c *Code) Block() *Code { return c.Op(opBlock, 0x40) }

// Loop begins a loop.
func (c *Code) Loop() *Code { return c.Op(opLoop, 0x40) }

// Else and End continue and end a block.
func (c *Code) Else() *Code { return c.Op(opElse) }

// End ends a block or the body.
func (c *Code) End() *Code { return c.Op(opEnd) }

// Br branches.
func (c *Code) Br(depth uint32) *Code { return c.Index(opBr, depth) }

// BrIf branches if the operand is not zero.
func (c *Code) BrIf(depth uint32) *Code { return c.Index(opBrIf, depth) }

// Return returns.
func (c *Code) Return() *Code { return c.Op(opReturn) }

// Call calls a function.
func (c *Code) Call(f uint32) *Code { return c.Index(opCall, f) }

// Access appends a load or a store without an alignment hint.
func (c *Code) Access(op byte, offset uint32) *Code {
	*c = appendU32(append(*c, op, 0), offset)
	return c
}

// Misc appends an instruction behind 0xfc with its immediates.
func (c *Code) Misc(sub uint32, immediates ...byte) *Code {
	*c = append(appendU32(append(*c, opMisc), sub), immediates...)
	return c
}

// Instructions without immediates that assembled code needs.
const (
	Unreachable = opUnreachable
	Drop        = 0x1a
	I32Eqz      = 0x45
	I32Eq       = 0x46
	I32LtU      = 0x49
	I32GtU      = 0x4b
	I32LeU      = 0x4d
	I32GeU      = 0x4f
	I64Eqz      = 0x50
	I64Ne       = 0x52
	I64LtS      = 0x53
	I64LtU      = 0x54
	I64GtU      = 0x56
	I32Add      = 0x6a
	I32Sub      = 0x6b
	I32Mul      = 0x6c
	I64Add      = 0x7c
	I64Sub      = 0x7d
	I64And      = 0x83
	I64Or       = 0x84
	I64Xor      = 0x85
	I64Shl      = 0x86
	I64ShrU     = 0x88
	I32WrapI64  = 0xa7
	I64ExtendU  = 0xad

	LoadI32    = 0x28
	LoadI64    = 0x29
	LoadU8     = 0x2d
	StoreI32   = 0x36
	StoreI64   = 0x37
	StoreU8    = 0x3a
	MemorySize = opMemorySize
	MemoryGrow = opMemoryGrow
)

// MemoryCopy and MemoryFill are for [Code.Misc], with two and one zero behind.
const (
	MemoryCopy = miscMemoryCopy
	MemoryFill = miscMemoryFill
)

// TypeIndex returns the index of a type, which is added if it is not there.
func (m *Module) TypeIndex(t FuncType) uint32 {
	for i, known := range m.Types {
		if known.Equal(t) {
			return uint32(i)
		}
	}
	m.Types = append(m.Types, t)
	return uint32(len(m.Types) - 1)
}

// AddImport imports a function. It belongs before all [Module.AddFunc].
func (m *Module) AddImport(module, name string, t FuncType) uint32 {
	m.addImport(Import{Module: module, Name: name, Kind: KindFunc, Type: m.TypeIndex(t)})
	return uint32(m.importedFuncs - 1)
}

// AddFunc adds a function and returns its index. code has its final end; locals
// are the types of the locals behind the parameters.
func (m *Module) AddFunc(t FuncType, locals []byte, code Code) uint32 {
	b := body{code: code}
	for _, kind := range locals {
		b.locals = append(b.locals, localRun{n: 1, kind: kind})
	}
	m.Funcs = append(m.Funcs, m.TypeIndex(t))
	m.bodies = append(m.bodies, b)
	return uint32(m.FuncCount() - 1)
}

// AddGlobal adds a mutable global with an initial number and returns its index.
func (m *Module) AddGlobal(kind byte, initial int64) uint32 {
	init := Code{}
	if kind == I64 {
		init.I64(initial)
	} else {
		init.I32(int32(initial))
	}
	init.End()
	m.Globals = append(m.Globals, Global{GlobalType: GlobalType{Value: kind, Mutable: true}, Init: init})
	return uint32(m.importedGlobal + len(m.Globals) - 1)
}

// AddExport exports something.
func (m *Module) AddExport(name string, kind byte, index uint32) {
	m.Exports = append(m.Exports, Export{Name: name, Kind: kind, Index: index})
}

// AddData adds an active data segment at an offset.
func (m *Module) AddData(offset int32, data []byte) {
	at := Code{}
	at.I32(offset).End()
	m.data = append(m.data, segment{offset: at, data: data})
}

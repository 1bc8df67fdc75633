package binary

// Value types, as they are encoded.
const (
	I32       byte = 0x7f
	I64       byte = 0x7e
	F32       byte = 0x7d
	F64       byte = 0x7c
	V128      byte = 0x7b
	FuncRef   byte = 0x70
	ExternRef byte = 0x6f
)

// Kinds of imports and exports.
const (
	KindFunc   byte = 0
	KindTable  byte = 1
	KindMemory byte = 2
	KindGlobal byte = 3
)

// Sections by their numbers.
const (
	sectionCustom byte = iota
	sectionType
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count",
}

// FuncType is the type of a function.
type FuncType struct{ Params, Results []byte }

// Equal reports whether two types are the same.
func (t FuncType) Equal(other FuncType) bool {
	return string(t.Params) == string(other.Params) && string(t.Results) == string(other.Results)
}

// String writes a type as "(i64, i64) -> i32".
func (t FuncType) String() string {
	text := "(" + typeNames(t.Params) + ")"
	if len(t.Results) > 0 {
		text += " -> " + typeNames(t.Results)
	}
	return text
}

func typeNames(types []byte) string {
	names := map[byte]string{I32: "i32", I64: "i64", F32: "f32", F64: "f64", V128: "v128", FuncRef: "funcref", ExternRef: "externref"}
	text := ""
	for i, t := range types {
		if i > 0 {
			text += ", "
		}
		text += names[t]
	}
	return text
}

// Limits are the sizes of a memory (in pages of 64 KiB) or of a table.
type Limits struct {
	Min, Max uint32
	HasMax   bool
}

// Table is a table or its import's type.
type Table struct {
	Elem byte
	Limits
}

// GlobalType is the type of a global.
type GlobalType struct {
	Value   byte
	Mutable bool
}

// Global is a global that the module defines.
type Global struct {
	GlobalType
	Init []byte // a constant expression with its end
}

// Import is what a module asks for. The field of its kind is set.
type Import struct {
	Module, Name string
	Kind         byte
	Type         uint32 // of a function
	Table        Table
	Memory       Limits
	Global       GlobalType
}

// Export is what a module offers.
type Export struct {
	Name  string
	Kind  byte
	Index uint32
}

// Custom is a custom section.
type Custom struct {
	Name string
	Data []byte
}

// body is a function's code.
type body struct {
	locals []localRun
	code   []byte // instructions, with the final end
	stats  codeStats
}

// localRun declares n locals of a type.
type localRun struct {
	n    uint32
	kind byte
}

// Module is a decoded module.
type Module struct {
	Types    []FuncType
	Imports  []Import
	Funcs    []uint32 // types of the functions that it defines
	Tables   []Table
	Memories []Limits
	Globals  []Global
	Exports  []Export
	Start    *uint32
	Customs  []Custom

	elements  []element
	bodies    []body
	data      []segment
	dataCount *uint32

	size           int
	importedFuncs  int
	importedGlobal int
	importedTables int
	importedMems   int
}

// segment is a data segment.
type segment struct {
	flag   uint32
	memory uint32
	offset []byte // constant expression of an active one
	data   []byte
}

// element is an element segment.
type element struct {
	flag   uint32
	table  uint32
	offset []byte // constant expression of an active one
	kind   byte   // element kind or type, as far as the flag has one
	funcs  []uint32
	exprs  [][]byte
}

// FuncCount is how many functions there are, imported ones counted.
func (m *Module) FuncCount() int { return m.importedFuncs + len(m.Funcs) }

// FuncTypeOf returns the type of a function; ok is false if there is no such one.
func (m *Module) FuncTypeOf(index uint32) (t FuncType, ok bool) {
	if int(index) >= m.importedFuncs {
		at := int(index) - m.importedFuncs
		if at >= len(m.Funcs) {
			return FuncType{}, false
		}
		return m.typeAt(m.Funcs[at])
	}
	for _, i := range m.Imports {
		if i.Kind != KindFunc {
			continue
		}
		if index == 0 {
			return m.typeAt(i.Type)
		}
		index--
	}
	return FuncType{}, false
}

func (m *Module) typeAt(index uint32) (FuncType, bool) {
	if int(index) >= len(m.Types) {
		return FuncType{}, false
	}
	return m.Types[index], true
}

// Export returns an export of a kind by its name.
func (m *Module) Export(kind byte, name string) (Export, bool) {
	for _, e := range m.Exports {
		if e.Kind == kind && e.Name == name {
			return e, true
		}
	}
	return Export{}, false
}

// ExportedFunc returns the type of an exported function.
func (m *Module) ExportedFunc(name string) (FuncType, bool) {
	e, ok := m.Export(KindFunc, name)
	if !ok {
		return FuncType{}, false
	}
	return m.FuncTypeOf(e.Index)
}

// ChangesTables reports whether the module has instructions that change a
// table or drop a segment, or shares a table: then its state is more than
// memories and globals.
func (m *Module) ChangesTables() bool {
	for _, b := range m.bodies {
		if b.stats.changesTables {
			return true
		}
	}
	for _, e := range m.Exports {
		if e.Kind == KindTable {
			return true
		}
	}
	return m.importedTables > 0
}

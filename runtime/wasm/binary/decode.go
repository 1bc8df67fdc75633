package binary

import (
	"bytes"
	"errors"
	"fmt"
)

var (
	magic     = []byte("\x00asm")
	version   = []byte{1, 0, 0, 0}
	component = []byte{0x0d, 0, 1, 0}
)

// Decode reads a module. The error says what about its structure is wrong.
func Decode(code []byte) (*Module, error) {
	switch {
	case len(code) == 0:
		return nil, errors.New("it is empty")
	case len(code) < 8 || !bytes.Equal(code[:4], magic):
		return nil, errors.New("it is not a WebAssembly module: it does not begin with \\0asm")
	case bytes.Equal(code[4:8], component):
		return nil, errors.New("it is a component of the component model: want a core module (build without wasm-tools component)")
	case !bytes.Equal(code[4:8], version):
		return nil, fmt.Errorf("it has version %d of the format: want 1", uint32(code[4])|uint32(code[5])<<8|uint32(code[6])<<16|uint32(code[7])<<24)
	}
	m := &Module{size: len(code)}
	r := &reader{b: code, at: 8}
	last := -1
	for r.left() > 0 && r.err == nil {
		id := r.byte()
		size := int(r.u32())
		s := r.within(size)
		if r.err != nil {
			return nil, fmt.Errorf("a section: %w", r.err)
		}
		if int(id) >= len(sectionNames) {
			return nil, fmt.Errorf("it has a section of the unknown kind %d", id)
		}
		if id != sectionCustom {
			if place(id) <= last {
				return nil, fmt.Errorf("the %s section is out of order, or there twice", sectionNames[id])
			}
			last = place(id)
		}
		m.section(id, s)
		if s.err == nil && s.left() > 0 {
			s.fail("%d bytes are left over", s.left())
		}
		if s.err != nil {
			return nil, fmt.Errorf("the %s section: %w", sectionNames[id], s.err)
		}
	}
	return m, m.consistent()
}

// place is where a section has to stand: the data count comes before the code.
func place(id byte) int {
	switch {
	case id == sectionDataCount:
		return 2*int(sectionElement) + 1
	default:
		return 2 * int(id)
	}
}

func (m *Module) section(id byte, r *reader) {
	switch id {
	case sectionCustom:
		m.Customs = append(m.Customs, Custom{Name: r.name(), Data: r.bytes(r.left())})
	case sectionType:
		for range r.count("types", 3) {
			m.Types = append(m.Types, r.funcType())
		}
	case sectionImport:
		for range r.count("imports", 4) {
			m.addImport(r.importEntry())
		}
	case sectionFunction:
		for range r.count("functions", 1) {
			m.Funcs = append(m.Funcs, r.u32())
		}
	case sectionTable:
		for range r.count("tables", 3) {
			m.Tables = append(m.Tables, r.table())
		}
	case sectionMemory:
		for range r.count("memories", 2) {
			m.Memories = append(m.Memories, r.limits())
		}
	case sectionGlobal:
		for range r.count("globals", 4) {
			m.Globals = append(m.Globals, Global{GlobalType: r.globalType(), Init: r.constant()})
		}
	case sectionExport:
		for range r.count("exports", 3) {
			m.Exports = append(m.Exports, Export{Name: r.name(), Kind: r.byte(), Index: r.u32()})
		}
	case sectionStart:
		start := r.u32()
		m.Start = &start
	case sectionElement:
		for range r.count("element segments", 2) {
			m.elements = append(m.elements, r.element())
		}
	case sectionDataCount:
		n := r.u32()
		m.dataCount = &n
	case sectionCode:
		m.code(r)
	case sectionData:
		for range r.count("data segments", 2) {
			m.data = append(m.data, r.segment())
		}
	}
}

func (m *Module) addImport(i Import) {
	switch i.Kind {
	case KindFunc:
		m.importedFuncs++
	case KindTable:
		m.importedTables++
	case KindMemory:
		m.importedMems++
	case KindGlobal:
		m.importedGlobal++
	}
	m.Imports = append(m.Imports, i)
}

func (r *reader) funcType() FuncType {
	if form := r.byte(); r.err == nil && form != 0x60 {
		r.fail("a type of the unknown form %#x", form)
	}
	return FuncType{Params: r.valueTypes(), Results: r.valueTypes()}
}

func (r *reader) valueTypes() []byte {
	types := r.bytes(r.count("values", 1))
	for _, t := range types {
		if !isValueType(t) {
			r.fail("the unknown value type %#x", t)
		}
	}
	return types
}

func isValueType(t byte) bool {
	switch t {
	case I32, I64, F32, F64, V128, FuncRef, ExternRef:
		return true
	}
	return false
}

func (r *reader) importEntry() Import {
	i := Import{Module: r.name(), Name: r.name(), Kind: r.byte()}
	switch i.Kind {
	case KindFunc:
		i.Type = r.u32()
	case KindTable:
		i.Table = r.table()
	case KindMemory:
		i.Memory = r.limits()
	case KindGlobal:
		i.Global = r.globalType()
	default:
		r.fail("an import of the unknown kind %d", i.Kind)
	}
	return i
}

func (r *reader) table() Table {
	t := Table{Elem: r.byte()}
	if r.err == nil && t.Elem != FuncRef && t.Elem != ExternRef {
		r.fail("a table of the unknown type %#x", t.Elem)
	}
	t.Limits = r.limits()
	return t
}

func (r *reader) limits() Limits {
	switch flag := r.byte(); flag {
	case 0:
		return Limits{Min: r.u32()}
	case 1:
		return Limits{Min: r.u32(), Max: r.u32(), HasMax: true}
	case 2, 3:
		r.fail("it is shared between threads, which is not supported")
	case 4, 5, 6, 7:
		r.fail("it has 64-bit addresses, which is not supported")
	default:
		r.fail("limits of the unknown form %d", flag)
	}
	return Limits{}
}

func (r *reader) globalType() GlobalType {
	t, mutable := r.byte(), r.byte()
	if r.err == nil && (!isValueType(t) || mutable > 1) {
		r.fail("a global of an unknown type")
	}
	return GlobalType{Value: t, Mutable: mutable == 1}
}

// consistent checks what takes two sections to see.
func (m *Module) consistent() error {
	if len(m.Funcs) != len(m.bodies) {
		return fmt.Errorf("it declares %d functions and has %d bodies", len(m.Funcs), len(m.bodies))
	}
	if m.dataCount != nil && int(*m.dataCount) != len(m.data) {
		return fmt.Errorf("it declares %d data segments and has %d", *m.dataCount, len(m.data))
	}
	for _, t := range m.Funcs {
		if int(t) >= len(m.Types) {
			return fmt.Errorf("a function has type %d of %d", t, len(m.Types))
		}
	}
	for _, i := range m.Imports {
		if i.Kind == KindFunc && int(i.Type) >= len(m.Types) {
			return fmt.Errorf("the import %s.%s has type %d of %d", i.Module, i.Name, i.Type, len(m.Types))
		}
	}
	if err := m.consistentExports(); err != nil {
		return err
	}
	if m.Start != nil && int(*m.Start) >= m.FuncCount() {
		return fmt.Errorf("the start function is %d of %d", *m.Start, m.FuncCount())
	}
	return m.checkIndices()
}

func (m *Module) consistentExports() error {
	sizes := map[byte]int{
		KindFunc: m.FuncCount(), KindTable: m.importedTables + len(m.Tables),
		KindMemory: m.importedMems + len(m.Memories), KindGlobal: m.importedGlobal + len(m.Globals),
	}
	seen := make(map[string]bool, len(m.Exports))
	for _, e := range m.Exports {
		if seen[e.Name] {
			return fmt.Errorf("it exports %q twice", e.Name)
		}
		seen[e.Name] = true
		if int64(e.Index) >= int64(sizes[e.Kind]) {
			return fmt.Errorf("the export %q names what does not exist", e.Name)
		}
	}
	return nil
}

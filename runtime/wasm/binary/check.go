package binary

import "fmt"

// Bounds are the sizes that a module may have. A zero field means the default,
// given in parentheses.
type Bounds struct {
	Size       int    // bytes of the module (16 MiB)
	Functions  int    // (20,000)
	Types      int    // (5,000)
	Imports    int    // (1,000)
	Exports    int    // (10,000)
	Globals    int    // (10,000)
	Segments   int    // data and element segments, each (100,000)
	Body       int    // bytes of one function (256 KiB)
	Blocks     int    // blocks, loops and ifs of one function (6,000)
	Depth      int    // of nested blocks (2,500)
	Locals     int    // of one function (4,000)
	Targets    int    // of one br_table (5,000)
	Parameters int    // of one function, and its results (64)
	Work       int    // blocks times (blocks and locals), summed over all functions (100,000,000)
	Pages      uint32 // of all memories at the start (65,535)
	Elements   uint32 // of all tables at the start (30,000)
}

func (b Bounds) withDefaults() Bounds {
	for field, value := range map[*int]int{
		&b.Size: 16 << 20, &b.Functions: 20_000, &b.Types: 5_000, &b.Imports: 1_000, &b.Exports: 10_000, &b.Globals: 10_000,
		&b.Segments: 100_000, &b.Body: 256 << 10, &b.Blocks: 6_000, &b.Depth: 2_500, &b.Locals: 4_000, &b.Targets: 5_000,
		&b.Parameters: 64, &b.Work: 100_000_000,
	} {
		if *field == 0 {
			*field = value
		}
	}
	if b.Pages == 0 {
		b.Pages = 65_535
	}
	if b.Elements == 0 {
		b.Elements = 30_000
	}
	return b
}

// Check returns everything that is too large about a module, or not supported.
func (m *Module) Check(b Bounds) []string {
	b = b.withDefaults()
	var p problems
	p.most("bytes", m.size, b.Size)
	p.most("functions", m.FuncCount(), b.Functions)
	p.most("types", len(m.Types), b.Types)
	p.most("imports", len(m.Imports), b.Imports)
	p.most("exports", len(m.Exports), b.Exports)
	p.most("globals", m.importedGlobal+len(m.Globals), b.Globals)
	p.most("data segments", len(m.data), b.Segments)
	p.most("element segments", len(m.elements), b.Segments)
	for i, t := range m.Types {
		if n := max(len(t.Params), len(t.Results)); n > b.Parameters {
			p.add("type %d has %d parameters or results (max %d)", i, n, b.Parameters)
		}
	}
	m.checkMemories(b, &p)
	m.checkBodies(b, &p)
	return p.list
}

func (m *Module) checkMemories(b Bounds, p *problems) {
	if n := m.importedMems + len(m.Memories); n > 1 {
		p.add("it has %d memories (max 1)", n)
	}
	if m.importedMems > 0 {
		p.add("it imports a memory, which is not supported")
	}
	var pages uint64
	for _, memory := range m.Memories {
		pages += uint64(memory.Min)
	}
	if pages > uint64(b.Pages) {
		p.add("its memory starts with %d bytes (max %d)", pages<<16, uint64(b.Pages)<<16)
	}
	var elements uint64
	for _, t := range m.Tables {
		elements += uint64(t.Min)
	}
	if elements > uint64(b.Elements) {
		p.add("its tables start with %d elements (max %d)", elements, b.Elements)
	}
	if n := m.importedTables + len(m.Tables); n > 16 {
		p.add("it has %d tables (max 16)", n)
	}
}

func (m *Module) checkBodies(b Bounds, p *problems) {
	work := 0
	for i, f := range m.bodies {
		name := fmt.Sprintf("function %d", m.importedFuncs+i)
		s := f.stats
		p.mostIn(name, "bytes", len(f.code), b.Body)
		p.mostIn(name, "blocks", s.blocks, b.Blocks)
		p.mostIn(name, "nested blocks", s.depth, b.Depth)
		p.mostIn(name, "locals", int(s.locals), b.Locals)
		p.mostIn(name, "branch targets in one br_table", s.targets, b.Targets)
		work += s.blocks * (s.blocks + int(s.locals))
		if s.growsTable {
			p.add("%s has table.grow, which is not supported", name)
		}
	}
	p.most("units of work for a compiler (blocks times blocks and locals)", work, b.Work)
}

// problems collects what is wrong, up to a number that a person reads.
type problems struct{ list []string }

const maxProblems = 20

func (p *problems) add(format string, args ...any) {
	switch {
	case len(p.list) < maxProblems:
		p.list = append(p.list, fmt.Sprintf(format, args...))
	case len(p.list) == maxProblems:
		p.list = append(p.list, "and more")
	}
}

func (p *problems) most(what string, n, most int) {
	if n > most {
		p.add("it has %d %s (max %d)", n, what, most)
	}
}

func (p *problems) mostIn(where, what string, n, most int) {
	if n > most {
		p.add("%s has %d %s (max %d)", where, n, what, most)
	}
}

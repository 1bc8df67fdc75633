package binary

func appendU32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// appendS64 writes a signed LEB128; one of 32 bits is the same.
func appendS64(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func appendBytes(b, data []byte) []byte {
	return append(appendU32(b, uint32(len(data))), data...)
}

func appendName(b []byte, name string) []byte {
	return append(appendU32(b, uint32(len(name))), name...)
}

func appendLimits(b []byte, l Limits) []byte {
	if !l.HasMax {
		return appendU32(append(b, 0), l.Min)
	}
	return appendU32(appendU32(append(b, 1), l.Min), l.Max)
}

func appendGlobalType(b []byte, t GlobalType) []byte {
	mutable := byte(0)
	if t.Mutable {
		mutable = 1
	}
	return append(b, t.Value, mutable)
}

// Encode writes the module.
func (m *Module) Encode() []byte {
	out := append(append([]byte(nil), magic...), version...)
	section := func(id byte, n int, each func(b []byte, i int) []byte) {
		if n == 0 {
			return
		}
		content := appendU32(nil, uint32(n))
		for i := range n {
			content = each(content, i)
		}
		out = appendBytes(append(out, id), content)
	}
	section(sectionType, len(m.Types), func(b []byte, i int) []byte {
		return appendBytes(appendBytes(append(b, 0x60), m.Types[i].Params), m.Types[i].Results)
	})
	section(sectionImport, len(m.Imports), func(b []byte, i int) []byte { return m.Imports[i].append(b) })
	section(sectionFunction, len(m.Funcs), func(b []byte, i int) []byte { return appendU32(b, m.Funcs[i]) })
	section(sectionTable, len(m.Tables), func(b []byte, i int) []byte { return appendLimits(append(b, m.Tables[i].Elem), m.Tables[i].Limits) })
	section(sectionMemory, len(m.Memories), func(b []byte, i int) []byte { return appendLimits(b, m.Memories[i]) })
	section(sectionGlobal, len(m.Globals), func(b []byte, i int) []byte {
		return append(appendGlobalType(b, m.Globals[i].GlobalType), m.Globals[i].Init...)
	})
	section(sectionExport, len(m.Exports), func(b []byte, i int) []byte {
		return appendU32(append(appendName(b, m.Exports[i].Name), m.Exports[i].Kind), m.Exports[i].Index)
	})
	if m.Start != nil {
		out = appendBytes(append(out, sectionStart), appendU32(nil, *m.Start))
	}
	section(sectionElement, len(m.elements), func(b []byte, i int) []byte { return m.elements[i].append(b) })
	if m.dataCount != nil {
		out = appendBytes(append(out, sectionDataCount), appendU32(nil, *m.dataCount))
	}
	section(sectionCode, len(m.bodies), func(b []byte, i int) []byte { return appendBytes(b, m.bodies[i].append(nil)) })
	section(sectionData, len(m.data), func(b []byte, i int) []byte { return m.data[i].append(b) })
	for _, c := range m.Customs {
		out = appendBytes(append(out, sectionCustom), append(appendName(nil, c.Name), c.Data...))
	}
	return out
}

func (i *Import) append(b []byte) []byte {
	b = append(appendName(appendName(b, i.Module), i.Name), i.Kind)
	switch i.Kind {
	case KindFunc:
		return appendU32(b, i.Type)
	case KindTable:
		return appendLimits(append(b, i.Table.Elem), i.Table.Limits)
	case KindMemory:
		return appendLimits(b, i.Memory)
	}
	return appendGlobalType(b, i.Global)
}

func (e *element) append(b []byte) []byte {
	b = appendU32(b, e.flag)
	if e.flag&elementPassive == 0 {
		if e.flag&elementExplicit != 0 {
			b = appendU32(b, e.table)
		}
		b = append(b, e.offset...)
	}
	if e.flag&(elementPassive|elementExplicit) != 0 {
		b = append(b, e.kind)
	}
	if e.flag&elementExprs != 0 {
		b = appendU32(b, uint32(len(e.exprs)))
		for _, x := range e.exprs {
			b = append(b, x...)
		}
		return b
	}
	b = appendU32(b, uint32(len(e.funcs)))
	for _, f := range e.funcs {
		b = appendU32(b, f)
	}
	return b
}

func (f *body) append(b []byte) []byte {
	b = appendU32(b, uint32(len(f.locals)))
	for _, run := range f.locals {
		b = append(appendU32(b, run.n), run.kind)
	}
	return append(b, f.code...)
}

func (s *segment) append(b []byte) []byte {
	b = appendU32(b, s.flag)
	if s.flag == 2 {
		b = appendU32(b, s.memory)
	}
	return appendBytes(append(b, s.offset...), s.data)
}

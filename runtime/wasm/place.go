package wasm

// place is where a memory's bytes are.
type place interface {
	// grow makes the first size bytes usable and returns them, nil where that is
	// not possible. What is new is zero.
	grow(size uint64) []byte

	// adopt does what restore does, for a snapshot that restore will be given
	// from now on. It reports whether that is possible.
	adopt(s *snapshot, size uint64) bool

	// restore makes the first size bytes the snapshot's, and zero behind it,
	// after an invocation.
	restore(s *snapshot, size uint64)

	free()
}

// pageRange is a range of bytes, whole pages of the system's.
type pageRange struct{ start, end uint64 }

// heapPlace is a memory in Go's heap, for systems without anything better.
type heapPlace struct{ b []byte }

func (p *heapPlace) grow(size uint64) []byte {
	if size > uint64(cap(p.b)) {
		larger := make([]byte, size, size+size/4)
		copy(larger, p.b)
		p.b = larger
		return p.b
	}
	old := len(p.b)
	p.b = p.b[:size]
	if int(size) > old {
		clear(p.b[old:])
	}
	return p.b
}

func (p *heapPlace) adopt(s *snapshot, size uint64) bool {
	p.restore(s, size)
	return true
}

func (p *heapPlace) restore(s *snapshot, size uint64) {
	b := p.b[:min(size, uint64(cap(p.b)))]
	clear(b[copy(b, s.memory):])
}

func (p *heapPlace) free() { p.b = nil }

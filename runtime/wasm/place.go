package wasm

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

func (p *heapPlace) free() { p.b = nil }

package wasm

import (
	"github.com/tetratelabs/wazero/api"
)

// budget is what the memories of an instance may come to together.
type budget struct {
	limit, used, peak int64
	refused           bool // a memory did not get what it asked for
}

// grow takes bytes from the budget, and reports whether there were so many.
func (b *budget) grow(bytes int64) bool {
	if b.used+bytes > b.limit {
		b.refused = true
		return false
	}
	b.used += bytes
	b.peak = max(b.peak, b.used)
	return true
}

// linear is the memory of one module. wazero asks it to grow.
type linear struct {
	budget *budget
	place  place
	size   uint64
	most   uint64     // the largest size since the last reset
	wasm   api.Memory // the same memory as wazero sees it

	shrinking bool
	target    uint64
}

func newLinear(b *budget, most uint64) *linear {
	return &linear{budget: b, place: newPlace(most)}
}

// Reallocate implements experimental.LinearMemory.
func (l *linear) Reallocate(size uint64) []byte {
	if l.shrinking {
		l.budget.used += int64(l.target) - int64(l.size)
		l.size = l.target
		return l.place.grow(l.size)
	}
	if !l.budget.grow(int64(size) - int64(l.size)) {
		return nil
	}
	b := l.place.grow(size)
	if b == nil {
		l.budget.used -= int64(size) - int64(l.size)
		l.budget.refused = true
		return nil
	}
	l.size = size
	l.most = max(l.most, size)
	return b
}

// Free implements experimental.LinearMemory.
func (l *linear) Free() {
	l.budget.used -= int64(l.size)
	l.place.free()
}

// resize makes wazero believe that the memory has another size. wazero knows no
// way to make a memory smaller, but takes whatever it is given when it asks for
// more: the maximum of each memory is a page above the limit, so it can always
// ask.
func (l *linear) resize(size uint64) bool {
	if l.size == size {
		return true
	}
	l.shrinking, l.target = true, size
	_, ok := l.wasm.Grow(1)
	l.shrinking = false
	return ok && l.size == size
}

// touched is up to where there may be something else than in the snapshot:
// everything that was ever usable, since a memory that shrank may grow again.
func (l *linear) touched() uint64 { return max(l.size, l.most) }

// bytes are the memory.
func (l *linear) bytes() []byte {
	b, _ := l.wasm.Read(0, uint32(l.size))
	return b
}

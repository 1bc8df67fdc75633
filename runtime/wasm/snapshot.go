package wasm

import (
	"bytes"
	"sync/atomic"
)

// snapshot is the state of a module at one moment. It does not change; many
// instances return to it.
type snapshot struct {
	globals []uint64
	memory  []byte // the bytes up to the last that is not zero
	size    uint64 // of the memory
	image   *image // the same bytes in a place that can be mapped; nil: there is none

	// hot are the pages that an invocation was seen to write. It makes
	// restoring quicker, and decides nothing.
	hot atomic.Pointer[[]pageRange]
}

func takeSnapshot(u *unit, arena *Arena) *snapshot {
	s := &snapshot{}
	for _, g := range u.globals {
		s.globals = append(s.globals, g.Get())
	}
	if u.memory != nil {
		s.size = u.memory.size
		s.memory = bytes.Clone(withoutZeros(u.memory.bytes()))
		s.image = newImage(s.memory, arena)
	}
	return s
}

// withoutZeros cuts the zeros at the end off, as far as they fill whole blocks.
func withoutZeros(b []byte) []byte {
	var zeros [1024]byte
	for len(b) >= len(zeros) && bytes.Equal(b[len(b)-len(zeros):], zeros[:]) {
		b = b[:len(b)-len(zeros)]
	}
	return b
}

// adopt makes the module's state the snapshot's for the first time.
func (u *unit) adopt() bool {
	if u.memory != nil && !u.memory.place.adopt(u.home) {
		return false
	}
	return u.reset()
}

// reset makes the module's state the snapshot's again.
func (u *unit) reset() bool {
	if u.memory != nil {
		// Everything that was ever usable: a memory that shrank may grow again.
		u.memory.place.restore(u.home, max(u.memory.size, u.memory.most))
		if !u.memory.resize(u.home.size) {
			return false
		}
		u.memory.most = u.home.size
	}
	for i, g := range u.globals {
		g.Set(u.home.globals[i])
	}
	return true
}

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

	// hot are the pages that invocations were seen to write, and runs how many
	// there have been. It makes restoring quicker, and decides nothing.
	hot  atomic.Pointer[[]pageRange]
	runs atomic.Uint32
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
	if u.memory != nil && !u.memory.place.adopt(u.home, u.memory.touched()) {
		return false
	}
	return u.settle()
}

// reset makes the module's state the snapshot's again, after an invocation.
func (u *unit) reset() bool {
	if u.memory != nil {
		size := u.memory.touched()
		if u.written != nil {
			size = min(size, u.written.Get())
		}
		u.memory.place.restore(u.home, size)
	}
	return u.settle()
}

// settle makes the snapshot's what is beside the bytes of the memory.
func (u *unit) settle() bool {
	if u.memory != nil {
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

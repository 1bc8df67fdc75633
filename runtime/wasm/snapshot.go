package wasm

import "bytes"

// snapshot is the state of a module at one moment. It does not change; many
// instances return to it.
type snapshot struct {
	globals []uint64
	memory  []byte // the bytes up to the last that is not zero
	size    uint64 // of the memory
	image   *image // the same bytes in a place that can be mapped; nil: there is none
}

func takeSnapshot(u *unit, arena *Arena) *snapshot {
	s := &snapshot{}
	for _, g := range u.globals {
		s.globals = append(s.globals, g.Get())
	}
	if u.memory != nil {
		s.size = u.memory.size
		s.memory = bytes.Clone(bytes.TrimRight(u.memory.bytes(), "\x00"))
		s.image = newImage(s.memory, arena)
	}
	return s
}

// adopt makes the module's state the snapshot's for the first time.
func (u *unit) adopt() bool {
	if u.memory != nil && u.home.image != nil {
		if p, ok := u.memory.place.(mapped); ok && !p.mapImage(u.home.image) {
			return false
		}
	}
	return u.reset()
}

// reset makes the module's state the snapshot's again.
func (u *unit) reset() bool {
	if u.memory != nil {
		if p, ok := u.memory.place.(mapped); ok && u.home.image != nil {
			p.restore(u.memory.size)
			if !u.memory.resize(u.home.size) {
				return false
			}
		} else {
			if !u.memory.resize(u.home.size) {
				return false
			}
			b := u.memory.bytes()
			clear(b[copy(b, u.home.memory):])
		}
	}
	for i, g := range u.globals {
		g.Set(u.home.globals[i])
	}
	return true
}

// mapped is a place that an image can be mapped into, copy on write.
type mapped interface {
	place
	mapImage(*image) bool

	// restore makes the first size bytes, and all behind them, the image's.
	restore(size uint64)
}

package wasm

import (
	"bytes"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapPlace is a memory that the system maps: its addresses are reserved up to
// the maximum, so that it never moves and growing copies nothing, and a
// snapshot's image is mapped into it, copy on write.
type mapPlace struct {
	region []byte // the reserved addresses
	usable uint64 // that can be read and written
	mapped uint64 // bytes of the image in it
}

func newPlace(most uint64) place {
	if os.Getpagesize() != osPage {
		return &heapPlace{} // what is below is written for pages of one size
	}
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(most), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return &heapPlace{}
	}
	return &mapPlace{region: unsafe.Slice((*byte)(p), most)}
}

func (p *mapPlace) grow(size uint64) []byte {
	if size > uint64(len(p.region)) {
		return nil
	}
	if size > p.usable {
		if err := unix.Mprotect(p.region[p.usable:size], unix.PROT_READ|unix.PROT_WRITE); err != nil {
			return nil
		}
		p.usable = size
	}
	return p.region[:size:size]
}

func (p *mapPlace) adopt(s *snapshot, size uint64) bool {
	if s.image == nil || s.image.size == 0 {
		p.restore(s, size)
		return true
	}
	if p.grow(s.size) == nil || s.image.size > s.size {
		return false
	}
	_, err := unix.MmapPtr(s.image.fd(), s.image.offset, unsafe.Pointer(&p.region[0]), uintptr(s.image.size),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	if err != nil {
		return false
	}
	p.mapped = s.image.size
	p.forget(p.mapped, min(size, p.usable))
	return true
}

// osPage is the unit in which the system maps.
const osPage = 4096

// copyBelow is up to what size writing a memory anew is quicker than having the
// system forget it.
const copyBelow = 128 << 10

// restore drops the pages that were written to: the image, or zeros, are there
// again when they are next read. Pages that every invocation writes are written
// again instead, which spares the next one a fault for each.
func (p *mapPlace) restore(s *snapshot, size uint64) {
	size = min(size, p.usable)
	if p.mapped == 0 {
		if size > copyBelow {
			p.forget(0, size)
			copy(p.region[:size], s.memory)
			return
		}
		b := p.region[:size]
		clear(b[copy(b, s.memory):])
		return
	}
	if n := s.runs.Add(1); n == 1 || n == 8 || n == 64 { // the first is not like the others
		s.learn(p, size)
	}
	at := uint64(0)
	for _, r := range s.written() {
		if r.end > size {
			break
		}
		p.forget(at, r.start)
		b := p.region[r.start:r.end]
		n := 0
		if r.start < uint64(len(s.memory)) {
			n = copy(b, s.memory[r.start:])
		}
		clear(b[n:])
		at = r.end
	}
	p.forget(at, size)
}

// forget has the system drop what was written to a range.
func (p *mapPlace) forget(start, end uint64) {
	if start >= end {
		return
	}
	if err := unix.Madvise(p.region[start:end], unix.MADV_DONTNEED); err != nil {
		// The next invocation must not see it: an instance without its memory
		// cannot run, one with another's must not.
		panic("wasm: a memory cannot be reset: " + err.Error())
	}
}

// maxHot is how many pages are written again, at most.
const maxHot = 48

// written are the ranges that are written again.
func (s *snapshot) written() []pageRange {
	if hot := s.hot.Load(); hot != nil {
		return *hot
	}
	return nil
}

// learn finds the pages that an invocation has written to, beside those that
// are known.
func (s *snapshot) learn(p *mapPlace, size uint64) {
	const joinBelow = 4 * osPage // a gap that is quicker to write than to skip
	var hot []pageRange
	known, pages := s.written(), 0
	for at := uint64(0); at+osPage <= size; at += osPage {
		for len(known) > 0 && known[0].end <= at {
			known = known[1:]
		}
		if isKnown := len(known) > 0 && known[0].start <= at; !isKnown && !p.differs(s, at) {
			continue
		}
		start := at
		if n := len(hot); n > 0 && at-hot[n-1].end <= joinBelow {
			start = hot[n-1].start
			pages -= int((hot[n-1].end - start) / osPage)
			hot = hot[:n-1]
		}
		if pages += int((at + osPage - start) / osPage); pages > maxHot {
			break
		}
		hot = append(hot, pageRange{start, at + osPage})
	}
	s.hot.Store(&hot)
}

// differs reports whether a page is not the snapshot's.
func (p *mapPlace) differs(s *snapshot, at uint64) bool {
	var want []byte
	if at < uint64(len(s.memory)) {
		want = s.memory[at:min(at+osPage, uint64(len(s.memory)))]
	}
	now, n := p.region[at:at+osPage], len(want)
	return !bytes.Equal(now[:n], want) || !bytes.Equal(now[n:], zeroPage[n:])
}

var zeroPage [osPage]byte

func (p *mapPlace) free() {
	if p.region != nil {
		_ = unix.MunmapPtr(unsafe.Pointer(&p.region[0]), uintptr(len(p.region)))
		p.region = nil
	}
}

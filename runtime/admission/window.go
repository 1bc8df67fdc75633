package admission

import "time"

// A window is cut into slots of a second. One slot more than the window is long
// is counted, because the calls at the end of the oldest one are still inside.
const (
	slotLength  = time.Second
	windowSlots = 61
)

// window counts the calls that one key was allowed, by slot. The zero window
// is empty. It is 256 bytes.
type window struct {
	latest int64 // number of the slot that the last call was in
	total  uint32
	counts [windowSlots]uint32 // of slot s at s modulo windowSlots
}

// advance forgets the calls that have left the window at slot. A clock that
// steps back by less than a window stands still for the window; one that steps
// back further empties it, so that no key stays locked until an hour comes again.
func (w *window) advance(slot int64) {
	step := slot - w.latest
	switch {
	case step == 0:
		return
	case step >= windowSlots || step <= -windowSlots:
		*w = window{latest: slot}
		return
	case step < 0:
		return
	}
	for w.latest < slot && w.total > 0 {
		w.latest++
		c := &w.counts[place(w.latest)]
		w.total -= *c
		*c = 0
	}
	w.latest = slot
}

// idle reports whether no call of the window counts any longer at slot.
func (w *window) idle(slot int64) bool {
	step := slot - w.latest
	return step >= windowSlots || step <= -windowSlots
}

// take counts one call if fewer than limit are in the window.
func (w *window) take(slot int64, limit uint32) bool {
	w.advance(slot)
	if w.total >= limit {
		return false
	}
	w.counts[place(w.latest)]++
	w.total++
	return true
}

// free returns the slot from which on fewer than limit of the calls that are in
// the window now are left. limit is at least 1 and at most total.
func (w *window) free(limit uint32) int64 {
	left := w.total
	p := place(w.latest + 1) // where the oldest slot is
	for s := w.latest + 1; s < w.latest+windowSlots; s++ {
		left -= w.counts[p]
		if left < limit {
			return s
		}
		if p++; p == windowSlots {
			p = 0
		}
	}
	return w.latest + windowSlots
}

// place is the index of a slot, which may be negative, in the ring.
func place(slot int64) int {
	p := int(slot % windowSlots)
	if p < 0 {
		p += windowSlots
	}
	return p
}

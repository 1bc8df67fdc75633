package logs

import (
	"sync"
	"time"
)

// Throttle bounds what strangers have the host write to its own log: each source
// may cause so much a minute. It is safe for concurrent use; a nil Throttle bounds
// nothing.
type Throttle struct {
	limit int
	now   func() time.Time

	mu      sync.Mutex
	windows map[string]*window
	full    time.Time // until when no minute of them is over, as far as is known
}

// window is the minute of a source.
type window struct {
	ends time.Time
	used int
	left int // lines that were not written
}

// The minute, and how many sources are told apart in it. Further ones share one
// window.
const (
	windowLength = time.Minute
	maxSources   = 4096
)

// NewThrottle returns a Throttle that lets each source write limit a minute: bytes,
// or lines, as whoever asks counts them. now is nil for time.Now.
func NewThrottle(limit int, now func() time.Time) *Throttle {
	if now == nil {
		now = time.Now
	}
	return &Throttle{limit: limit, now: now, windows: map[string]*window{}}
}

// Grant is the answer of a [Throttle] to one line.
type Grant struct {
	Allowed bool

	// First is the first line of a minute that is not allowed: what says so
	// once is not said again.
	First bool

	// Missed is how many lines of the source were left out in its last minute,
	// of which the line that is allowed now can tell.
	Missed int
}

// Take asks for a line of some size. One that is larger than the limit is
// allowed as the first of its minute.
func (t *Throttle) Take(source string, size int) Grant {
	if t == nil {
		return Grant{Allowed: true}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	w := t.window(source, now)
	if w.used > 0 && w.used+size > t.limit {
		w.left++
		return Grant{First: w.left == 1}
	}
	g := Grant{Allowed: true}
	if w.used == 0 {
		g.Missed, w.left = w.left, 0
	}
	w.used += max(size, 1)
	return g
}

// window returns the minute of a source that now is in.
func (t *Throttle) window(source string, now time.Time) *window {
	w := t.windows[source]
	if w == nil && len(t.windows) >= maxSources {
		if !now.Before(t.full) { // not for each of many: all are looked at
			t.forget(now)
		}
		if len(t.windows) >= maxSources {
			source = ""
			w = t.windows[source]
		}
	}
	if w == nil {
		w = &window{ends: now.Add(windowLength)}
		t.windows[source] = w
	}
	if !now.Before(w.ends) {
		w.ends, w.used = now.Add(windowLength), 0
	}
	return w
}

// forget drops the minutes that are over, and notes when the next one will be.
func (t *Throttle) forget(now time.Time) {
	t.full = now.Add(windowLength)
	for source, w := range t.windows {
		switch {
		case !now.Before(w.ends):
			delete(t.windows, source)
		case w.ends.Before(t.full):
			t.full = w.ends
		}
	}
}

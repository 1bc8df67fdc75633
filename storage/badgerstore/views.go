package badgerstore

import "sync"

// views are the states that are being read. The newest state is the last commit
// that is durable; older ones are kept as long as somebody reads them.
type views struct {
	mu     sync.Mutex
	newest uint64
	open   []*view        // in increasing order of at
	held   map[uint64]int // states that snapshots hold, with how many of them
}

// view is one state, shared by those who began to read while it was the newest.
type view struct {
	at      uint64
	readers int
}

func newViews(newest uint64) *views { return &views{newest: newest, held: map[uint64]int{}} }

// hold keeps the newest state for a snapshot, until release.
func (v *views) hold() (at uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.held[v.newest]++
	return v.newest
}

// release is the opposite of hold.
func (v *views) release(at uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held[at]--; v.held[at] == 0 {
		delete(v.held, at)
	}
}

// begin returns the newest state; who gets it must call end.
func (v *views) begin() *view {
	v.mu.Lock()
	defer v.mu.Unlock()
	if n := len(v.open); n > 0 && v.open[n-1].at == v.newest {
		v.open[n-1].readers++
		return v.open[n-1]
	}
	w := &view{at: v.newest, readers: 1}
	v.open = append(v.open, w)
	return w
}

// end says that w is no longer read by one of those who began.
func (v *views) end(w *view) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w.readers--
	for len(v.open) > 0 && v.open[0].readers == 0 {
		v.open[0] = nil
		v.open = v.open[1:]
	}
}

// publish makes commit number at the newest state. It returns the oldest one that
// an Update may have read, from which conflicts are told, and the oldest one that
// must be kept: a snapshot is held long, and nothing is written from it.
func (v *views) publish(at uint64) (read, kept uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.newest = at
	read = at
	if len(v.open) > 0 {
		read = v.open[0].at
	}
	kept = read
	for held := range v.held {
		kept = min(kept, held)
	}
	return read, kept
}

package js

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

const (
	// maxWarmFactor is how far the number of warm realms of a program grows
	// under load, as a multiple of Config.Warm.
	maxWarmFactor = 8

	// When most of the last hitWindow invocations found no warm realm, requests
	// come faster than realms can be made beside them; then handing realms from
	// core to core is a cost without a gain, and the pool rests for a while.
	hitWindow = 64
	restTime  = time.Second
)

// pool holds the realms of one program that are ready for an invocation. A
// realm leaves it once and does not come back.
type pool struct {
	mu       sync.Mutex
	ready    []*realm
	target   int            // how many to keep; grows when an invocation finds none
	limits   sandbox.Limits // of the last invocation: what the next one is likely to have
	lastUsed time.Time
	filled   bool // there has been a warm realm since the program was last idle
	cold     bool // loading ahead of a request does not work for this program
	closed   bool
	queued   bool // the warmer knows

	hits, misses int       // of the last invocations
	rests        time.Time // until then no realms are made
}

// take returns a warm realm, or nil, and reports whether more should be made.
func (p *pool) take(limits sandbox.Limits, warm int, spareCore bool) (r *realm, refill bool) {
	if warm < 0 {
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.limits, p.lastUsed = limits, now
	p.target = max(p.target, warm)
	if n := len(p.ready); n > 0 {
		r = p.ready[n-1]
		p.ready[n-1] = nil
		p.ready = p.ready[:n-1]
		p.hits++
	} else if p.filled {
		p.target = min(2*p.target, maxWarmFactor*warm)
		p.misses++
	}
	if p.hits+p.misses >= hitWindow {
		if p.misses > p.hits {
			p.rests = now.Add(restTime)
		}
		p.hits, p.misses = 0, 0
	}
	// A refill wakes another goroutine, which costs more than it looks: several
	// realms at a time make up for it.
	if !spareCore || p.cold || p.closed || p.queued || len(p.ready) > p.target/2 || now.Before(p.rests) {
		return r, false
	}
	p.queued = true
	return r, true
}

// wants returns the limits for one more realm, if one is wanted: not by a
// program that was last used before since.
func (p *pool) wants(since time.Time) (sandbox.Limits, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cold || p.closed || len(p.ready) >= p.target || p.lastUsed.Before(since) {
		p.queued = false
		return sandbox.Limits{}, false
	}
	return p.limits, true
}

// put adds a realm that has been loaded; nil says that loading failed, so that
// the next invocation has to find out why.
func (p *pool) put(r *realm) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case r == nil:
		p.cold = true
	case !p.closed:
		p.ready, p.filled = append(p.ready, r), true
	}
}

// giveUp leaves the rest for the next invocation to ask for.
func (p *pool) giveUp() {
	p.mu.Lock()
	p.queued = false
	p.mu.Unlock()
}

// drop lets go of the warm realms if the program was not used since.
func (p *pool) drop(since time.Time) (empty bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lastUsed.Before(since) {
		p.ready, p.filled, p.target = nil, false, 0
	}
	return len(p.ready) == 0
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.ready = true, nil
}

// warmer makes realms ahead of the requests that will use them, one at a time
// and only while a core is free of running handlers: a realm that is missing
// costs its request no more than making it.
type warmer struct {
	active atomic.Int64 // realms that are running
	cores  int64
	keep   time.Duration
	ctx    context.Context // of the modules that are loaded
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	queue   []*program
	working bool
	closed  bool
	warm    map[*program]struct{} // with realms that have to be dropped some day
	sweeper *time.Timer
}

func newWarmer(keep time.Duration) *warmer {
	w := &warmer{cores: int64(runtime.GOMAXPROCS(0)), keep: keep, warm: map[*program]struct{}{}}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// spareCore reports whether a core would be free beside an invocation that
// begins now.
func (w *warmer) spareCore() bool {
	active := w.active.Load()
	return active+1 < w.cores || w.cores == 1 && active == 0
}

// refill has realms made for p.
func (w *warmer) refill(p *program) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.queue = append(w.queue, p)
	if w.working {
		return
	}
	w.working = true
	w.done.Go(w.work)
}

// work empties the queue.
func (w *warmer) work() {
	for {
		w.mu.Lock()
		if len(w.queue) == 0 || w.closed {
			w.working = false
			w.mu.Unlock()
			return
		}
		p := w.queue[0]
		w.queue = w.queue[1:]
		w.mu.Unlock()
		w.fill(p)
	}
}

func (w *warmer) fill(p *program) {
	for w.ctx.Err() == nil {
		limits, ok := p.pool.wants(time.Now().Add(-w.keep))
		if !ok {
			break
		}
		if w.active.Load() >= w.cores {
			p.pool.giveUp()
			break
		}
		p.pool.put(warmRealm(w.ctx, p, limits))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.warm[p] = struct{}{}
	if w.sweeper == nil && !w.closed {
		w.sweeper = time.AfterFunc(w.keep, w.sweep)
	}
}

// sweep drops the realms of programs that are no longer used.
func (w *warmer) sweep() {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := time.Now().Add(-w.keep)
	for p := range w.warm {
		if p.pool.drop(since) {
			delete(w.warm, p)
		}
	}
	w.sweeper = nil
	if len(w.warm) > 0 && !w.closed {
		w.sweeper = time.AfterFunc(w.keep, w.sweep)
	}
}

// forget drops what is known of a program that was closed.
func (w *warmer) forget(p *program) {
	w.mu.Lock()
	delete(w.warm, p)
	w.mu.Unlock()
}

// close ends the warmer, and what it is loading, and waits for it.
func (w *warmer) close() {
	w.mu.Lock()
	w.closed = true
	if w.sweeper != nil {
		w.sweeper.Stop()
	}
	w.mu.Unlock()
	w.cancel()
	w.done.Wait()
}

// warmRealm makes a realm and loads its module, or returns nil if that fails.
func warmRealm(ctx context.Context, p *program, limits sandbox.Limits) *realm {
	r := newRealm(p)
	end := r.begin(ctx, limits, 0)
	if r.load(); r.loadFailed == nil {
		r.touch()
	}
	r.warmed = r.watch.usedCPU()
	end()
	if r.loadFailed != nil || r.stopped.Load() != nil || r.dead {
		return nil
	}
	return r
}

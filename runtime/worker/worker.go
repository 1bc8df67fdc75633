package worker

import (
	"errors"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
	"github.com/annexhost/annex/runtime/worker/jail"
)

// worker is a worker process as the host sees it. Fields without a comment on
// it are guarded by the pool's mu.
type worker struct {
	pool    *pool
	process *process      // constant
	report  jail.Report   // constant
	born    time.Time     // constant
	idleRSS int64         // constant: resident memory before it had run anything
	dead    chan struct{} // closed when the process has ended and fate is set
	fate    atomic.Pointer[fate]

	hastened atomic.Bool // killed because it had closed a lane and did not end

	tenant   *tenant // nil: a spare
	idle     []*lane
	lanes    map[int64]*lane
	busy     int
	served   int
	answered bool // an invocation ended by itself
	alone    bool // for one invocation only
	retired  bool // takes no more invocations
	gone     bool // the process has ended
	lastBusy int  // what busy was when the process ended
	lastUsed time.Time
	idleCPU  time.Duration // when the worker was last seen to be idle

	programs map[hash]*loading
	lastID   int64
}

// loading is a program on its way into a worker.
type loading struct {
	number int64
	done   chan struct{}
	err    error // after done
}

func (l *loading) failed() error {
	<-l.done
	return l.err
}

// loading returns the state of a program in the worker, and whether the caller
// is the one who has to load it.
func (w *worker) loading(h hash) (l *loading, first bool) {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	if l = w.programs[h]; l != nil {
		return l, false
	}
	w.lastID++
	l = &loading{number: w.lastID, done: make(chan struct{})}
	w.programs[h] = l
	return l, true
}

// loaded ends the loading of a program. One that was not compiled is forgotten.
func (w *worker) loaded(h hash, l *loading, err error) {
	l.err = err
	if err != nil {
		w.pool.mu.Lock()
		delete(w.programs, h)
		w.pool.mu.Unlock()
	}
	close(l.done)
}

func (w *worker) numberOf(h hash) int64 {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	if l := w.programs[h]; l != nil {
		return l.number
	}
	return 0
}

// forget has the worker drop a program.
func (w *worker) forget(h hash) {
	w.pool.mu.Lock()
	l := w.programs[h]
	delete(w.programs, h)
	w.pool.mu.Unlock()
	if l != nil {
		w.process.send(kindForget, func(b []byte) []byte { return appendInt(b, l.number) })
	}
}

// shared reports whether more than one invocation runs in the worker.
func (w *worker) shared() bool {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	return w.busy > 1
}

// wasAlone reports of a worker that has ended whether at most one invocation
// ran in it.
func (w *worker) wasAlone() bool {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	return w.lastBusy <= 1
}

// kill ends the worker. The first fate is the one that counts.
func (w *worker) kill(f *fate) {
	w.fate.CompareAndSwap(nil, f)
	w.process.kill()
}

// awaitDeath waits for the end of a worker that has closed a lane. One that
// goes on living has no business to.
func (w *worker) awaitDeath() {
	const patience = 200 * time.Millisecond
	alarm := time.NewTimer(patience)
	defer alarm.Stop()
	select {
	case <-w.dead:
		return
	case <-alarm.C:
		w.hastened.Store(true) // it may be dying: a busy machine takes its time, and its last words say of what
		w.process.kill()
	}
	<-w.dead
}

// attend reads the control socket until the worker ends, and buries it.
func (w *worker) attend() {
	err := w.listen()
	if !endOfFile(err) {
		w.fate.CompareAndSwap(nil, &fate{cause: internalError(), detail: err.Error()})
	}
	state, words := w.process.bury()
	killed := false
	if status, ok := state.(syscall.WaitStatus); ok {
		killed = status.Signaled() && status.Signal() == syscall.SIGKILL
	}
	found := autopsy(words, killed && !w.hastened.Load(), w.pool.config.Memory)
	if found.detail == "" && w.hastened.Load() {
		found.detail = "a lane was closed by the worker"
	}
	w.fate.CompareAndSwap(nil, found)
	w.pool.died(w)
	close(w.dead)
}

// listen takes the frames of the control socket. It ends with an error, which
// is io.EOF when the worker has ended.
func (w *worker) listen() error {
	const maxCrashes = 100 // a worker in which as many invocations panicked should not serve others
	crashes := 0
	for {
		k, f, err := w.process.in.next(keepSpace)
		if err != nil {
			return err
		}
		switch k {
		case kindOpened:
			number, thread := f.int(), f.int()
			if err := f.done(); err != nil {
				return err
			}
			if !w.opened(number, thread) {
				return protocolf("lane %d was not opened now", number)
			}
		case kindCrashed:
			c := sandbox.Crash{Invocation: f.string(), Value: f.string(), Stack: f.bytes()}
			if err := f.done(); err != nil {
				return err
			}
			if crashes++; crashes > maxCrashes {
				return protocolf("more than %d panics", maxCrashes)
			}
			w.crashed(c)
		default:
			return errors.New("worker: unexpected frame on the control socket")
		}
	}
}

// crashed reports a panic inside the worker. Which tenant's it is the host knows
// better.
func (w *worker) crashed(c sandbox.Crash) {
	report := w.pool.config.Crashed
	if report == nil {
		return
	}
	w.pool.mu.Lock()
	if w.tenant != nil {
		c.Tenant = w.tenant.name()
	}
	w.pool.mu.Unlock()
	report(c)
}

// opened notes which thread serves a lane. A worker says it once for each lane:
// to look the thread up costs the host something.
func (w *worker) opened(number, thread int64) bool {
	w.pool.mu.Lock()
	l := w.lanes[number]
	first := l != nil && !l.opened
	if first {
		l.opened = true
	}
	w.pool.mu.Unlock()
	if first {
		l.thread.Store(w.process.hostThread(thread))
	}
	return first
}

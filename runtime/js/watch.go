package js

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// watch holds an invocation to its wall-clock and CPU limits.
//
// CPU time is the time during which the goroutine is inside the virtual
// machine; waiting for calls and timers is not counted, nor is a call that
// runs inline. On a machine with more to do than cores it is an upper bound. A
// thread's CPU clock would be exact, but it needs the goroutine to be locked to
// its thread, which makes every wait and every wake-up of the event loop a
// switch of threads.
type watch struct {
	start time.Time
	wall  time.Duration // limit; not positive: none
	cpu   time.Duration // limit; not positive: none
	stop  func(*sandbox.Error)

	mu    sync.Mutex
	timer *time.Timer
	ended bool

	used  atomic.Int64 // nanoseconds inside the machine, finished turns
	since atomic.Int64 // nanoseconds after start when this turn began; -1 while waiting
}

// newWatch starts to watch. used is CPU time that counts already.
func newWatch(limits sandbox.Limits, used time.Duration, stop func(*sandbox.Error)) *watch {
	w := &watch{start: time.Now(), wall: limits.Wall, cpu: limits.CPU, stop: stop}
	w.used.Store(int64(used))
	w.since.Store(-1)
	if next, ok := w.next(); ok {
		w.mu.Lock() // check needs the timer
		w.timer = time.AfterFunc(next, w.check)
		w.mu.Unlock()
	}
	return w
}

// enter says that the virtual machine begins to run.
func (w *watch) enter() { w.since.Store(int64(time.Since(w.start))) }

// leave says that the virtual machine has stopped running.
func (w *watch) leave() {
	now := int64(time.Since(w.start))
	w.used.Add(now - w.since.Swap(-1))
}

// usedCPU is the time inside the machine so far.
func (w *watch) usedCPU() time.Duration {
	used := w.used.Load()
	if since := w.since.Load(); since >= 0 {
		used += int64(time.Since(w.start)) - since
	}
	return time.Duration(used)
}

// next is how long no limit can be hit.
func (w *watch) next() (time.Duration, bool) {
	var next time.Duration
	limited := false
	if w.wall > 0 {
		next, limited = w.wall-time.Since(w.start), true
	}
	if w.cpu > 0 {
		if left := w.cpu - w.usedCPU(); !limited || left < next {
			next, limited = left, true
		}
	}
	return max(next, 0), limited
}

// check runs when a limit may have been hit.
func (w *watch) check() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	switch used, cpu := time.Since(w.start), w.usedCPU(); {
	case w.wall > 0 && used >= w.wall:
		w.stop(timeoutError(sandbox.ReasonWall, "wall-clock", used, w.wall))
	case w.cpu > 0 && cpu >= w.cpu:
		w.stop(timeoutError(sandbox.ReasonCPU, "CPU", cpu, w.cpu))
	default:
		next, _ := w.next()
		w.timer.Reset(max(next, time.Millisecond))
	}
}

// end stops watching. After it the watch stops nothing any more.
func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

func timeoutError(reason sandbox.Reason, clock string, used, limit time.Duration) *sandbox.Error {
	return &sandbox.Error{
		Code:    sandbox.Timeout,
		Reason:  reason,
		Message: fmt.Sprintf("%s time limit exceeded: used %s of %s", clock, used.Round(time.Millisecond), limit),
	}
}

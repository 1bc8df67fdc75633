package js

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// loop is the event loop of one realm: what other goroutines finished, and
// timers. Everything but post belongs to the goroutine that runs the realm.
type loop struct {
	mu      sync.Mutex
	ready   []func() error // posted, in order
	calls   int            // begun and not ended
	closed  bool           // nothing is run any more
	drained chan struct{}

	run  func(call func()) // runs it on another goroutine
	held func()            // the only call, if it has not begun

	wake   chan struct{} // capacity 1; made with the first call that waits
	timers timerHeap
	byID   map[int64]*timer
	lastID int64

	other *otherClock // nil: the machine's
}

// otherClock is the clock of an invocation that brings its own way to wait.
type otherClock struct {
	now      func() time.Time
	wait     waiter
	deadline time.Time // zero: none
	late     func()    // the deadline has passed
}

// waiter is [sandbox.Invocation]'s Wait.
type waiter = func(due time.Time, calls int) (rings <-chan struct{}, woken func())

// now is what timers go by.
func (l *loop) now() time.Time {
	if l.other == nil {
		return time.Now()
	}
	return l.other.now()
}

// timer is a setTimeout or setInterval.
type timer struct {
	id    int64
	due   time.Time
	every time.Duration // 0: once
	run   func() error
	index int // in the heap; -1: not waiting
}

// begin begins a call, which ends with post. It gets a goroutine of its own,
// unless it is local: then the loop performs it itself when it has nothing
// else to wait for, and no other goroutine need be woken.
func (l *loop) begin(call func(), local bool) {
	if l.wake == nil {
		l.wake = make(chan struct{}, 1)
	}
	l.mu.Lock()
	l.calls++
	lone := l.calls == 1
	l.mu.Unlock()
	if local && lone {
		l.held = call
		return
	}
	l.release()
	l.run(call)
}

// release gives the call that has not begun a goroutine.
func (l *loop) release() {
	if call := l.held; call != nil {
		l.held = nil
		l.run(call)
	}
}

// perform performs the call that has not begun, if nothing else is waited for.
func (l *loop) perform() {
	if call := l.held; len(l.timers) == 0 && l.waiting() == 1 {
		l.held = nil
		call()
	}
	l.release()
}

// post ends a call; done runs in the loop. Any goroutine may call it.
func (l *loop) post(done func() error) {
	l.mu.Lock()
	l.calls--
	if !l.closed {
		l.ready = append(l.ready, done)
	}
	if l.drained != nil && l.calls == 0 {
		close(l.drained)
		l.drained = nil
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// waiting is how many calls have begun and not ended.
func (l *loop) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

// idle reports whether nothing can ever become ready.
func (l *loop) idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls == 0 && len(l.ready) == 0 && len(l.timers) == 0
}

// next waits for something to run. It returns nil when ctx is done.
func (l *loop) next(ctx context.Context) func() error {
	for ctx.Err() == nil {
		if f := l.take(); f != nil {
			return f
		}
		if l.held != nil {
			l.perform()
			continue
		}
		if l.other != nil {
			l.other.sleep(ctx, l)
		} else {
			l.sleep(ctx)
		}
	}
	return nil
}

// sleep waits until something may be ready.
func (l *loop) sleep(ctx context.Context) {
	var due <-chan time.Time
	if len(l.timers) > 0 {
		alarm := time.NewTimer(time.Until(l.timers[0].due))
		defer alarm.Stop()
		due = alarm.C
	}
	select {
	case <-l.wake:
	case <-due:
	case <-ctx.Done():
	}
}

// sleep is [loop.sleep] on another clock.
func (c *otherClock) sleep(ctx context.Context, l *loop) {
	l.mu.Lock()
	calls, ready := l.calls, len(l.ready) > 0
	l.mu.Unlock()
	if ready {
		return
	}
	due := c.deadline
	if len(l.timers) > 0 && (due.IsZero() || l.timers[0].due.Before(due)) {
		due = l.timers[0].due
	}
	rings, woken := c.wait(due, calls)
	select {
	case <-l.wake:
	case <-rings:
	case <-ctx.Done():
	}
	woken()
	if !c.deadline.IsZero() && !c.now().Before(c.deadline) {
		c.late()
	}
}

// take returns what is ready now: a timer that is due, so that a flood of
// answers cannot starve it, or what was posted first.
func (l *loop) take() func() error {
	if len(l.timers) > 0 {
		if t := l.timers[0]; !t.due.After(l.now()) {
			return l.fire(t)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ready) == 0 {
		return nil
	}
	f := l.ready[0]
	l.ready[0] = nil
	l.ready = l.ready[1:]
	return f
}

func (l *loop) fire(t *timer) func() error {
	if t.every > 0 {
		t.due = l.now().Add(t.every)
		heap.Fix(&l.timers, t.index)
	} else {
		l.clear(t.id)
	}
	return t.run
}

// set starts a timer and returns its number.
func (l *loop) set(delay, every time.Duration, run func() error) int64 {
	l.lastID++
	t := &timer{id: l.lastID, due: l.now().Add(delay), every: every, run: run}
	heap.Push(&l.timers, t)
	if l.byID == nil {
		l.byID = map[int64]*timer{}
	}
	l.byID[t.id] = t
	return t.id
}

// clear stops a timer. An unknown number is none.
func (l *loop) clear(id int64) {
	if t, ok := l.byID[id]; ok {
		delete(l.byID, id)
		heap.Remove(&l.timers, t.index)
	}
}

// close drops everything that is ready and all timers, and waits up to grace
// for the goroutines of calls, whose context has been cancelled, to end.
func (l *loop) close(grace time.Duration) {
	l.timers, l.byID = nil, nil
	l.mu.Lock()
	l.closed, l.ready = true, nil
	if l.calls == 0 {
		l.mu.Unlock()
		return
	}
	drained := make(chan struct{})
	l.drained = drained
	l.mu.Unlock()
	alarm := time.NewTimer(grace)
	defer alarm.Stop()
	select {
	case <-drained:
	case <-alarm.C:
	}
}

// timerHeap orders timers by when they are due, then by when they were set.
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].id < h[j].id
	}
	return h[i].due.Before(h[j].due)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}

package exttest

import (
	"context"
	"sync"
	"time"
)

// clock is the time of one test, which handlers and the test wait by. It stands
// still while anybody has something to run. It goes on to the next timer when
// nobody has: the test waits for handlers, and they wait for timers or for the
// test.
type clock struct {
	mu      sync.Mutex
	at      time.Time
	changed chan struct{} // closed, and made anew, when anything below changes

	test     *sleeper          // the test, while it has nothing to run
	sleepers map[*sleeper]bool // handlers that have nothing to run
	running  int               // invocations that have begun and not ended
	asking   int               // calls of handlers that wait for a function of the test
	offered  int               // of these, those that the test has not taken
	waiting  int               // calls of the test that wait for a handler
	ended    int               // of these, those for which there is an answer
}

// sleeper is somebody who has nothing to run.
type sleeper struct {
	due   time.Time // zero: no timer
	calls int       // that it waits for
	rings chan struct{}
}

func newClock(at time.Time) *clock {
	return &clock{at: at, changed: make(chan struct{}), sleepers: map[*sleeper]bool{}}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// change changes what is counted, and lets time go on if that was the last thing
// that anybody could do.
func (c *clock) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	close(c.changed)
	c.changed = make(chan struct{})
	if due := c.next(true); c.stuck() && !due.IsZero() {
		c.reach(due)
	}
}

// ticket is an invocation. What it says is under the lock of the clock.
type ticket struct {
	done    chan reply
	over    bool // the invocation has ended
	awaited bool // a call of the test waits for it
}

// end counts that an invocation has ended.
func (c *clock) end(t *ticket) {
	c.running--
	t.over = true
	if t.awaited {
		c.ended++
	}
}

// await counts that the test waits for an invocation.
func (c *clock) await(t *ticket) {
	c.waiting++
	t.awaited = true
	if t.over {
		c.ended++
	}
}

// awake counts that the test waits for it no more.
func (c *clock) awake(t *ticket) {
	c.waiting--
	t.awaited = false
	if t.over {
		c.ended--
	}
}

// settled reports whether no handler can go on before the test or the clock does.
func (c *clock) settled() bool {
	calls := 0
	for s := range c.sleepers {
		calls += s.calls
	}
	return len(c.sleepers) == c.running && calls == c.asking
}

// stuck reports whether nobody can go on before the clock does.
func (c *clock) stuck() bool {
	return c.test != nil && c.test.calls == c.waiting && c.ended == 0 && (c.offered == 0 || c.waiting == 0) && c.settled()
}

// next is when the first timer of handlers, and of the test too, is due; zero
// when there is none.
func (c *clock) next(ofTest bool) time.Time {
	var due time.Time
	see := func(s *sleeper) {
		if !s.due.IsZero() && (due.IsZero() || s.due.Before(due)) {
			due = s.due
		}
	}
	for s := range c.sleepers {
		see(s)
	}
	if ofTest && c.test != nil {
		see(c.test)
	}
	return due
}

// reach moves the clock forward, and wakes who waits for it.
func (c *clock) reach(to time.Time) {
	if to.After(c.at) {
		c.at = to
	}
	c.ring()
}

// ring wakes those whose time has come. They count as awake from now on.
func (c *clock) ring() {
	come := func(s *sleeper) bool { return !s.due.IsZero() && !s.due.After(c.at) }
	for s := range c.sleepers {
		if come(s) {
			delete(c.sleepers, s)
			close(s.rings)
		}
	}
	if c.test != nil && come(c.test) {
		close(c.test.rings)
		c.test = nil
	}
}

// sleep says that a handler has nothing to run: see sandbox.Invocation.
func (c *clock) sleep(due time.Time, calls int) (<-chan struct{}, func()) {
	s := &sleeper{due, calls, make(chan struct{})}
	c.change(func() {
		c.sleepers[s] = true
		c.ring()
	})
	return s.rings, func() { c.change(func() { delete(c.sleepers, s) }) }
}

// sleepTest says that the test has nothing to run.
func (c *clock) sleepTest(due time.Time, calls int) (<-chan struct{}, func()) {
	s := &sleeper{due, calls, make(chan struct{})}
	c.change(func() {
		c.test = s
		c.ring()
	})
	return s.rings, func() { c.change(func() { c.test = nil }) }
}

// advance moves the clock from one timer of handlers to the next until it
// reaches a time, as if that much had passed: what is due runs in its order.
// The error is ctx's.
func (c *clock) advance(ctx context.Context, by time.Duration) error {
	c.mu.Lock()
	to := c.at.Add(by)
	c.mu.Unlock()
	for {
		if err := c.settle(ctx); err != nil {
			return err
		}
		c.mu.Lock()
		due := c.next(false)
		done := due.IsZero() || due.After(to)
		if done {
			c.at = to
		} else {
			c.reach(due)
		}
		c.mu.Unlock()
		if done {
			return nil
		}
	}
}

// set puts the clock to a time, earlier or later; what is due then runs.
func (c *clock) set(ctx context.Context, at time.Time) error {
	if err := c.settle(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	c.at = at
	c.ring()
	c.mu.Unlock()
	return c.settle(ctx)
}

// settle waits until no handler can go on by itself. The error is ctx's.
func (c *clock) settle(ctx context.Context) error {
	return c.until(ctx, c.settled)
}

// quiet waits until all invocations have ended. The error is ctx's.
func (c *clock) quiet(ctx context.Context) error {
	return c.until(ctx, func() bool { return c.running == 0 })
}

func (c *clock) until(ctx context.Context, holds func() bool) error {
	for {
		c.mu.Lock()
		ok, changed := holds(), c.changed
		c.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

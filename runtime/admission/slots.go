package admission

import (
	"container/list"
	"context"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// SlotsConfig configures [Slots]. A zero field means the default, given in
// parentheses.
type SlotsConfig struct {
	Capacity     int           // how many may run at once (256)
	PerExtension int           // how many of one extension of one organization (32); negative: no limit of its own
	Queue        int           // how many may wait at once (1,024); negative: none
	Wait         time.Duration // how long one may wait (2 s)

	// Weights are the shares of organizations ("acme") and, within theirs, of
	// extensions ("acme/annex.notes"), in relation to the others' (1).
	Weights map[string]int
}

// Owner is for whom a slot is taken: an extension of an organization.
type Owner struct{ Org, Extension string }

// Slots bounds how many invocations run at once, and shares them out: first
// between organizations, then between the extensions of each. Who finds none
// waits in a queue that is bounded in length and in time, so that a flood is
// refused instead of piling up. It is safe for concurrent use.
//
// Nobody may take everything, because what runs is not stopped for who comes
// later: an organization may hold at most three times its weight of what is
// free at that moment, and an extension the same of what its organization may
// still take. One organization alone so gets three quarters, two get three
// sevenths each, and a newcomer finds a free slot at once. Places in the queue
// are shared out by the same rule.
//
// A slot that becomes free goes to who holds least for their weight; among
// equals, to whose turn it is.
//
// Who begins while more run than there are processors stands behind them in the
// scheduler's queue. Else a processor would go from one caller to the next within
// one time slice of 10 ms, while those who were interrupted wait for a slice
// of their own, one after the other.
type Slots struct {
	config     SlotsConfig
	processors int

	mu      sync.Mutex
	held    int
	waiting int
	hungry  []*organization // with somebody who waits
	virtual float64         // turn of the organization that was served last
	orgs    map[string]*organization
	owners  map[Owner]*extension
}

// share is what one organization or one extension has.
type share struct {
	weight        int
	held, waiting int
	turn          float64 // who has the lowest is next: it grows by 1/weight with each slot
}

type organization struct {
	share
	name    string
	hungry  []*extension
	virtual float64 // turn of the extension that was served last
}

type extension struct {
	share
	owner Owner
	org   *organization
	queue list.List // of *waiter
}

type waiter struct{ ready chan struct{} } // closed under the lock when the slot is held

// Slot is one that was acquired. Release it once.
type Slot struct {
	slots *Slots
	of    *extension
}

// NewSlots returns Slots of which nothing is held.
func NewSlots(c SlotsConfig) *Slots {
	if c.Capacity <= 0 {
		c.Capacity = 256
	}
	if c.PerExtension == 0 {
		c.PerExtension = 32
	}
	if c.PerExtension < 0 {
		c.PerExtension = c.Capacity
	}
	if c.Queue == 0 {
		c.Queue = 1024
	}
	if c.Wait <= 0 {
		c.Wait = 2 * time.Second
	}
	return &Slots{config: c, processors: runtime.GOMAXPROCS(0), orgs: map[string]*organization{}, owners: map[Owner]*extension{}}
}

// Acquire takes a slot for o, waiting for it if need be. It fails with a
// [sandbox.Error]: code Exhausted and reason ReasonRate when there is no place
// in the queue or nothing became free in time, and code Canceled when ctx was
// done first.
func (s *Slots) Acquire(ctx context.Context, o Owner) (Slot, error) {
	if ctx.Err() != nil {
		return Slot{}, canceled()
	}
	s.mu.Lock()
	e := s.owners[o]
	if e == nil {
		e = s.enroll(o)
	}
	// Who may have a slot never waits for one, so nobody is overtaken here.
	if s.mayRun(e) {
		s.grant(e)
		crowded := s.held > s.processors
		s.mu.Unlock()
		if crowded {
			runtime.Gosched()
		}
		return Slot{s, e}, nil
	}
	if !s.mayWait(e) {
		s.mu.Unlock()
		return Slot{}, s.busy()
	}
	w := &waiter{ready: make(chan struct{})}
	place := s.enqueue(e, w)
	s.mu.Unlock()
	if err := s.await(ctx, e, place, w); err != nil {
		return Slot{}, err
	}
	runtime.Gosched()
	return Slot{s, e}, nil
}

// Release gives the slot back. It panics when more is given back than is held.
func (slot Slot) Release() {
	s, e := slot.slots, slot.of
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.held == 0 {
		panic("admission: a slot was released twice")
	}
	s.held--
	e.held--
	e.org.held--
	s.serve()
}

// InUse returns how many slots are held and how many callers wait.
func (s *Slots) InUse() (held, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held, s.waiting
}

// await waits until w is served, ctx is done or the time is up.
func (s *Slots) await(ctx context.Context, e *extension, place *list.Element, w *waiter) error {
	timer := time.NewTimer(s.config.Wait)
	defer timer.Stop()
	var err error
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		err = canceled()
	case <-timer.C:
		err = s.busy()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-w.ready: // served at the same moment: the caller may as well run
		return nil
	default:
	}
	s.dequeue(e, place)
	return err
}

// serve hands free slots to those who wait. The lock is held.
func (s *Slots) serve() {
	for s.waiting > 0 && s.held < s.config.Capacity {
		e := s.next()
		if e == nil {
			return
		}
		front := e.queue.Front()
		s.dequeue(e, front)
		s.grant(e)
		close(front.Value.(*waiter).ready)
	}
}

// busy is the error of a caller who got no slot. By the time that a full queue
// has been worked off or has given up, a slot is likely.
func (s *Slots) busy() error {
	seconds := max(1, int((s.config.Wait+time.Second-1)/time.Second))
	return &sandbox.Error{
		Code:       sandbox.Exhausted,
		Reason:     sandbox.ReasonRate,
		Message:    "Too many requests at once. Retry after " + strconv.Itoa(seconds) + " seconds.",
		RetryAfter: seconds,
	}
}

func canceled() error {
	return &sandbox.Error{Code: sandbox.Canceled, Message: "canceled before a slot was free"}
}

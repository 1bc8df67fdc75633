package admission

import (
	"container/list"
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/annexhost/annex/runtime/sandbox"
)

// SlotsConfig configures [Slots]. A zero field means the default, given in
// parentheses.
type SlotsConfig struct {
	Capacity int64         // the weight that may be held at once (256)
	Queue    int           // how many may wait at once (1,024); negative: none
	Wait     time.Duration // how long one may wait (2 s)
}

// Slots is a weighted semaphore whose queue is bounded in length and in time,
// so that a flood of callers is refused instead of piling up. Callers are
// served in the order in which they came, whatever their weight. It is safe
// for concurrent use.
type Slots struct {
	capacity int64
	queue    int
	wait     time.Duration

	mu      sync.Mutex
	held    int64
	waiting list.List // of *waiter
}

type waiter struct {
	weight int64
	ready  chan struct{} // closed under the lock when the weight is held
}

// NewSlots returns Slots of which nothing is held.
func NewSlots(c SlotsConfig) *Slots {
	if c.Capacity <= 0 {
		c.Capacity = 256
	}
	if c.Queue == 0 {
		c.Queue = 1024
	}
	if c.Wait <= 0 {
		c.Wait = 2 * time.Second
	}
	return &Slots{capacity: c.Capacity, queue: c.Queue, wait: c.Wait}
}

// Acquire takes weight, waiting for it if need be. It fails with a
// [sandbox.Error]: code Exhausted and reason ReasonRate when the queue is full,
// nothing became free in time or weight is more than the capacity, and code
// Canceled when ctx was done first. After success, call Release with the same weight.
func (s *Slots) Acquire(ctx context.Context, weight int64) error {
	if weight < 0 {
		panic("admission: negative weight")
	}
	if ctx.Err() != nil {
		return canceled()
	}
	s.mu.Lock()
	if s.waiting.Len() == 0 && weight <= s.capacity-s.held {
		s.held += weight
		s.mu.Unlock()
		return nil
	}
	if weight > s.capacity || s.waiting.Len() >= s.queue {
		s.mu.Unlock()
		return s.busy()
	}
	w := &waiter{weight: weight, ready: make(chan struct{})}
	place := s.waiting.PushBack(w)
	s.mu.Unlock()
	return s.await(ctx, place, w)
}

// Release gives weight back. It panics when more is given back than is held.
func (s *Slots) Release(weight int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if weight > s.held {
		panic("admission: more slots released than held")
	}
	s.held -= weight
	s.serve()
}

// InUse returns the weight that is held and the number of callers that wait.
func (s *Slots) InUse() (held int64, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held, s.waiting.Len()
}

// await waits until w is served, ctx is done or the time is up.
func (s *Slots) await(ctx context.Context, place *list.Element, w *waiter) error {
	timer := time.NewTimer(s.wait)
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
	s.waiting.Remove(place)
	s.serve() // those behind a heavy one may fit now
	return err
}

// serve hands free weight to those who wait, in their order. The lock is held.
func (s *Slots) serve() {
	for front := s.waiting.Front(); front != nil; front = s.waiting.Front() {
		w := front.Value.(*waiter)
		if w.weight > s.capacity-s.held {
			return
		}
		s.held += w.weight
		s.waiting.Remove(front)
		close(w.ready)
	}
}

// busy is the error of a caller who got no slot. By the time that a full queue
// has been worked off or has given up, a slot is likely.
func (s *Slots) busy() error {
	seconds := max(1, int((s.wait+time.Second-1)/time.Second))
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

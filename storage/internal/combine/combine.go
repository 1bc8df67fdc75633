// Package combine lets callers who wait for the same thing share it: one of them
// performs what all of them want.
package combine

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// Queue joins the items that wait at the same time. There is no goroutine: the
// caller who finds nobody at work leads. It performs its item together with
// those that wait, and then lets the next in the queue lead. So a lone caller
// waits for nobody, and the more callers there are, the more share.
//
// A Queue must not be copied after first use.
type Queue[T any] struct {
	// Perform performs items, of which there is at least one, and notes in them
	// what has come of it. Calls do not overlap. ctx is that of one of the
	// callers and is never done.
	Perform func(ctx context.Context, items []T)

	MaxItems int // in one call of Perform
	MaxCost  int // of one call of Perform, except for a single item

	mu      sync.Mutex
	leading bool
	waiting []*ticket[T]
	joined  int // items in the last call of Perform
}

// ticket is an item in the queue.
type ticket[T any] struct {
	item T
	cost int
	turn chan struct{} // closed when the caller may go on
	done bool          // with the outcome; otherwise to lead
}

// Do returns nil when item was performed. When ctx is done before anybody has
// begun with it, Do returns its error. It also returns when the goroutine that
// performed item came to an end in the middle of it: what an item notes before
// it is performed should say so.
func (q *Queue[T]) Do(ctx context.Context, item T, cost int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &ticket[T]{item: item, cost: cost}
	q.mu.Lock()
	if q.leading {
		t.turn = make(chan struct{})
		q.waiting = append(q.waiting, t)
		q.mu.Unlock()
		if err := q.wait(ctx, t); err != nil || t.done {
			return err
		}
	} else {
		q.leading = true
		q.mu.Unlock()
	}
	return q.lead(ctx, t)
}

// Len returns how many items wait.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// wait returns nil when it is t's turn.
func (q *Queue[T]) wait(ctx context.Context, t *ticket[T]) error {
	select {
	case <-t.turn:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	if i := slices.Index(q.waiting, t); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		q.mu.Unlock()
		return ctx.Err()
	}
	q.mu.Unlock()
	<-t.turn // somebody has begun
	return nil
}

// lead performs first and what waits behind it.
func (q *Queue[T]) lead(ctx context.Context, first *ticket[T]) error {
	if err := ctx.Err(); err != nil {
		q.pass()
		return err
	}
	q.gather()
	group := q.take(first)
	defer func() { // even if Perform panics, or they would wait for ever
		q.pass()
		for _, t := range group[1:] {
			t.done = true
			close(t.turn)
		}
	}()
	items := make([]T, len(group))
	for i, t := range group {
		items[i] = t.item
	}
	q.Perform(context.WithoutCancel(ctx), items)
	return nil
}

// gather lets those whose items were just performed come back with the next
// ones, so that they share with the others. Otherwise the first to come back
// would have all for itself while the others wait. It costs a lone caller nothing.
func (q *Queue[T]) gather() {
	for last := -1; ; {
		q.mu.Lock()
		n, joined := len(q.waiting), q.joined
		q.mu.Unlock()
		if joined <= 1 || n+1 >= joined || n == last {
			return
		}
		last = n
		runtime.Gosched()
	}
}

// take removes from the queue what may be performed together with first.
func (q *Queue[T]) take(first *ticket[T]) []*ticket[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, cost := 0, first.cost
	for n < len(q.waiting) && n+1 < q.MaxItems {
		if cost += q.waiting[n].cost; cost > q.MaxCost {
			break
		}
		n++
	}
	group := append([]*ticket[T]{first}, q.waiting[:n]...)
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.joined = len(group)
	return group
}

// pass lets the next in the queue lead.
func (q *Queue[T]) pass() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.leading = false
		return
	}
	next := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	close(next.turn)
}

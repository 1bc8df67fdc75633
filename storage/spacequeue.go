package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// op is one write to a Space, as a step of a transaction that may have others.
type op struct {
	cost int // bytes that it may write, about

	// run performs the write. refused is an error of this write alone, which
	// then has changed nothing; err is an error of the transaction.
	run func(ctx context.Context, b *batch) (refused, err error)

	turn     chan struct{} // closed when the caller may go on: to lead, or with the outcome
	done     bool          // there is an outcome
	err      error
	panicked any // what run panicked with
}

// batch is one transaction with the writes of several callers.
type batch struct {
	tx    Tx
	now   time.Time
	usage Usage
}

// queue joins the writes to one Space that wait at the same time into one
// transaction. Every write changes the counters of the Space, so that as
// transactions of their own they would be in each other's way, and each would
// need a sync of its own.
//
// There is no goroutine: the caller who finds nobody at work leads. It takes
// what waits into its transaction, and then lets the next in the queue lead.
type queue struct {
	mu      sync.Mutex
	leading bool
	waiting []*op
	joined  int // writes in the last batch
}

// maxBatchOps bounds how many writes one transaction has: they wait for each other.
const maxBatchOps = 512

// do performs o, and gives up when ctx is done before anybody has begun with it.
func (q *queue) do(ctx context.Context, sp *Space, o *op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o.turn = make(chan struct{})
	q.mu.Lock()
	follow := q.leading
	if follow {
		q.waiting = append(q.waiting, o)
	}
	q.leading = true
	q.mu.Unlock()
	if follow {
		select {
		case <-o.turn:
		case <-ctx.Done():
			if q.withdraw(o) {
				return ctx.Err()
			}
			<-o.turn
		}
	}
	if !o.done {
		q.lead(ctx, sp, o)
	}
	if o.panicked != nil {
		panic(o.panicked)
	}
	return o.err
}

// withdraw takes o out of the queue, and reports whether it was still there.
func (q *queue) withdraw(o *op) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, o)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// errAbandoned is the outcome when the goroutine that led came to an end.
var errAbandoned = errors.New("storage: write abandoned: the goroutine that performed it has ended")

// lead performs first and what waits behind it.
func (q *queue) lead(ctx context.Context, sp *Space, first *op) {
	if first.err = ctx.Err(); first.err != nil {
		q.pass()
		return
	}
	q.gather()
	ops := q.take(first)
	for _, o := range ops {
		o.err, o.done = errAbandoned, true
	}
	defer func() { // in any case, or they would wait for ever
		q.pass()
		for _, o := range ops {
			if o != first {
				close(o.turn)
			}
		}
	}()
	// The others do not depend on the context of the one who leads.
	ctx = context.WithoutCancel(ctx)
	err := sp.perform(ctx, ops)
	if len(ops) == 1 || !errors.Is(err, ErrTooLarge) {
		settle(ops, err)
		return
	}
	for i := range ops {
		one := ops[i : i+1]
		settle(one, sp.perform(ctx, one))
	}
}

// settle gives err to the ops that have no error of their own.
func settle(ops []*op, err error) {
	for _, o := range ops {
		if o.err == nil || err != nil {
			o.err = err
		}
	}
}

// gather lets those whose writes were just performed come back with the next
// ones, so that they share a transaction. It costs a lone writer nothing.
func (q *queue) gather() {
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

// take removes from the queue what fits into the transaction of first.
func (q *queue) take(first *op) []*op {
	q.mu.Lock()
	defer q.mu.Unlock()
	ops, cost, n := []*op{first}, first.cost, 0
	for n < len(q.waiting) && len(ops) < maxBatchOps {
		if cost += q.waiting[n].cost; cost > MaxTxBytes {
			break
		}
		ops = append(ops, q.waiting[n])
		n++
	}
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.joined = len(ops)
	return ops
}

// pass lets the next in the queue lead.
func (q *queue) pass() {
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

// perform runs ops in one transaction. What concerns one of them alone is its
// own error; any other is returned.
func (sp *Space) perform(ctx context.Context, ops []*op) error {
	return sp.store.Update(ctx, func(tx Tx) error {
		before, err := sp.owner.readUsage(ctx, tx)
		if err != nil {
			return err
		}
		b := &batch{tx: tx, now: sp.c.Now(), usage: before}
		for _, o := range ops {
			o.panicked = nil
			if o.err, err = o.guarded(ctx, b); err != nil {
				return err
			}
		}
		if b.usage == before {
			return nil
		}
		return sp.owner.writeUsage(tx, b.usage)
	})
}

// guarded is run, except that a panic is kept for the caller to whom it belongs.
func (o *op) guarded(ctx context.Context, b *batch) (refused, err error) {
	defer func() {
		if r := recover(); r != nil {
			o.panicked, refused = r, fmt.Errorf("storage: panic: %v", r)
		}
	}()
	return o.run(ctx, b)
}

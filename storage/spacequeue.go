package storage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// op is one write to a Space, as a step of a transaction that may have others.
// Every write changes the counters of the Space, so that as transactions of
// their own they would be in each other's way, and each would need a sync.
type op struct {
	cost int // bytes that it may write, about

	// run performs the write. refused is an error of this write alone, which
	// then has changed nothing; err is an error of the transaction.
	run func(ctx context.Context, b *batch) (refused, err error)

	err      error
	panicked any // what run panicked with
}

// batch is one transaction with the writes of several callers.
type batch struct {
	tx    Tx
	now   time.Time
	usage Usage
}

// maxBatchOps bounds how many writes one transaction has: they wait for each other.
const maxBatchOps = 512

// errAbandoned is the outcome until there is another one.
var errAbandoned = errors.New("storage: write abandoned: the goroutine that performed it has ended")

// do performs o, together with what others do at the same time.
func (sp *Space) do(ctx context.Context, o *op) error {
	o.err = errAbandoned
	if err := sp.queue.Do(ctx, o, o.cost); err != nil {
		return err
	}
	if o.panicked != nil {
		panic(o.panicked)
	}
	return o.err
}

// perform performs ops in one transaction, or in one for each when together
// they turn out to be too large.
func (sp *Space) perform(ctx context.Context, ops []*op) {
	err := sp.transact(ctx, ops)
	if len(ops) == 1 || !errors.Is(err, ErrTooLarge) {
		settle(ops, err)
		return
	}
	for i := range ops {
		one := ops[i : i+1]
		settle(one, sp.transact(ctx, one))
	}
}

// settle gives err, an error of their transaction, to all ops.
func settle(ops []*op, err error) {
	if err == nil {
		return
	}
	for _, o := range ops {
		o.err = err
	}
}

// transact runs ops in one transaction. What concerns one of them alone becomes
// its own error; any other is returned.
func (sp *Space) transact(ctx context.Context, ops []*op) error {
	return sp.store.Update(ctx, func(tx Tx) error {
		before, err := sp.owner.readUsage(ctx, tx)
		if err != nil {
			return err
		}
		b := &batch{tx: tx, now: sp.c.Now(), usage: before}
		for _, o := range ops {
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
	o.panicked = nil
	defer func() {
		if r := recover(); r != nil {
			o.panicked, refused = r, fmt.Errorf("storage: panic: %v", r)
		}
	}()
	return o.run(ctx, b)
}

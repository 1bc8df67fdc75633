package storage

import (
	"context"
	"errors"
	"time"
)

// Sweeper removes the keys of all Spaces of a Store that have expired, and gives
// their quota back. Several, in this process or others, are no harm.
type Sweeper struct {
	// Now is the clock of Run. Nil means time.Now.
	Now func() time.Time

	// Failed is told what goes wrong in Run, which goes on. Nil: nobody.
	Failed func(error)

	store Store
}

// NewSweeper returns a sweeper of s.
func NewSweeper(s Store) *Sweeper { return &Sweeper{store: s} }

// Run sweeps at once and then every interval, until ctx is done or the store
// closed, and returns why.
func (w *Sweeper) Run(ctx context.Context, interval time.Duration) error {
	now := w.Now
	if now == nil {
		now = time.Now
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		_, err := w.Sweep(ctx, now())
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrClosed):
			return err
		case err != nil && w.Failed != nil:
			w.Failed(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// sweepPage is how many keys are looked at together, and removed in one
// transaction when they are of one owner: their values are read, to be counted.
const sweepPage = 64

// Sweep removes what has expired at now, and returns how many keys that were. An
// owner for whom it fails does not keep it from the others.
func (w *Sweeper) Sweep(ctx context.Context, now time.Time) (removed int, err error) {
	var after Key
	for {
		keys, pageErr := w.store.Keys(ctx, indexPrefix, after, sweepPage)
		if pageErr != nil {
			return removed, errors.Join(err, pageErr)
		}
		page, more := len(keys) == sweepPage, true
		byOwner := make(map[ownerKey][]indexed)
		for _, key := range keys {
			after = key
			i, parseErr := parseIndex(key)
			if parseErr != nil {
				err = errors.Join(err, parseErr)
				continue
			}
			if more = i.at.passed(now); !more {
				break
			}
			byOwner[i.owner] = append(byOwner[i.owner], i)
		}
		for owner, expired := range byOwner {
			n, ownerErr := w.sweepOwner(ctx, owner, expired)
			removed += n
			err = errors.Join(err, ownerErr)
		}
		if !page || !more || ctx.Err() != nil || errors.Is(err, ErrClosed) {
			return removed, err
		}
	}
}

// sweepOwner removes what still expires when the index has said.
func (w *Sweeper) sweepOwner(ctx context.Context, owner ownerKey, expired []indexed) (removed int, err error) {
	err = w.store.Update(ctx, func(tx Tx) error {
		removed = 0
		before, err := owner.readUsage(ctx, tx)
		if err != nil {
			return err
		}
		u := before
		for _, i := range expired {
			e, err := owner.read(ctx, tx, i.key)
			if err != nil {
				return err
			}
			if e.expires != i.at {
				continue // written again, removed, or swept by another
			}
			if err := owner.change(tx, &u, i.key, e, entry{}); err != nil {
				return err
			}
			removed++
		}
		if removed == 0 {
			return nil
		}
		return owner.writeUsage(tx, u)
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/annexhost/annex/storage"
)

// write appends a batch in one transaction and answers everybody in it. An
// organization whose chain is broken fails alone.
func (l *Log) write(ctx context.Context, c chain, batch []*pending) {
	orgs, bodies := group(batch)
	broken := make(map[string]error)
	err := l.store.Update(ctx, func(tx storage.Tx) error {
		clear(broken)
		for _, org := range orgs {
			err := extend(ctx, tx, c, org, bodies[org])
			if errors.Is(err, ErrBroken) {
				broken[org] = err
				continue
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("audit: append: %w", err)
	}
	for _, p := range batch {
		if err == nil {
			p.result <- broken[p.org]
			continue
		}
		p.result <- err
	}
}

// group returns the organizations of a batch in the order in which they came,
// and what each has to append.
func group(batch []*pending) (orgs []string, bodies map[string][][]byte) {
	bodies = make(map[string][][]byte)
	for _, p := range batch {
		if _, ok := bodies[p.org]; !ok {
			orgs = append(orgs, p.org)
		}
		bodies[p.org] = append(bodies[p.org], p.body)
	}
	return orgs, bodies
}

// extend adds entries at the end of one chain. It returns ErrBroken before it
// has written anything when the end is not where the head says.
func extend(ctx context.Context, tx storage.Tx, c chain, org string, bodies [][]byte) error {
	h, err := c.readHead(ctx, tx, org)
	if err != nil {
		return err
	}
	if err := checkEnd(ctx, tx, org, h); err != nil {
		return err
	}
	for _, body := range bodies {
		h = c.next(org, h, body)
		if err := tx.Put(entryKey(org, h.seq), encodeEntry(h.mac, body)); err != nil {
			return err
		}
	}
	return tx.Put(headKey(org), c.encodeHead(org, h))
}

// checkEnd refuses to write over an entry that stands after the head: the head
// was put back or removed.
func checkEnd(ctx context.Context, tx storage.Tx, org string, h head) error {
	if h.seq == 0 {
		rows, err := tx.Keys(ctx, entriesPrefix(org), "", 1)
		if err == nil && len(rows) > 0 {
			err = fmt.Errorf("%w: %q has entries and no head", ErrBroken, org)
		}
		return err
	}
	_, err := tx.Get(ctx, entryKey(org, h.seq+1))
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%w: %q has an entry %d after its head %d", ErrBroken, org, h.seq+1, h.seq)
	}
	return err
}

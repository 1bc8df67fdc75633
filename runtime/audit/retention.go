package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/annexhost/annex/storage"
)

// A chain whose oldest entries were dropped begins after its base: a row "aud/b/"
// of the form of a head, with a MAC of its own, that says where.
func baseKey(org string) storage.Key { return basePrefix + segment(org) }

// readBase returns where the chain of org begins, zero for the first entry.
func (c chain) readBase(ctx context.Context, r storage.Reader, org string) (head, error) {
	b, err := r.Get(ctx, baseKey(org))
	if errors.Is(err, storage.ErrNotFound) {
		return head{}, nil
	}
	if err != nil {
		return head{}, fmt.Errorf("audit: read the base of %q: %w", org, err)
	}
	h, err := c.decodeHead(baseName(org), b)
	if err != nil {
		return head{}, fmt.Errorf("%w (its base)", err)
	}
	return h, nil
}

// baseName makes the MAC of a base another one than that of a head.
func baseName(org string) string { return "base of " + org }

// Prune drops the entries of org that are older than before, up to a checkpoint,
// which stays and proves what was there. The pruning is an entry itself, written
// first. It returns how many entries it dropped; what was interrupted is finished
// by the next Prune. An export from before still verifies.
func (l *Log) Prune(ctx context.Context, org, by string, before time.Time) (dropped int, err error) {
	c := newChain(l.key)
	base, err := c.readBase(ctx, l.store, org)
	if err != nil {
		return 0, err
	}
	if n, err := l.drop(ctx, org, base.seq); err != nil {
		return n, err
	}
	var to Checkpoint
	err = l.checkpoints(ctx, org, func(c Checkpoint) error {
		if c.Time.Before(before) {
			to = c
		}
		return nil
	})
	if err != nil || to.Seq <= base.seq {
		return 0, err
	}
	if r, err := l.Verify(ctx, org); err != nil {
		return 0, err
	} else if r.FirstBad != nil { // do not drop what somebody has to look at
		return 0, fmt.Errorf("%w: %q, entry %d: %s", ErrBroken, org, r.FirstBad.Seq, r.FirstBad.Reason)
	}
	err = l.Append(ctx, Record{Org: org, Actor: by, Action: "audit.prune", Outcome: "ok", Detail: map[string]string{
		"from": strconv.FormatUint(base.seq+1, 10), "to": strconv.FormatUint(to.Seq, 10), "before": before.UTC().Format(time.RFC3339),
	}})
	if err != nil {
		return 0, err
	}
	row := c.encodeHead(baseName(org), to.end())
	if err := l.store.Update(ctx, func(tx storage.Tx) error { return tx.Put(baseKey(org), row) }); err != nil {
		return 0, fmt.Errorf("audit: prune %q: %w", org, err)
	}
	return l.drop(ctx, org, to.Seq)
}

// drop removes the entries up to a number, and the checkpoints before it.
func (l *Log) drop(ctx context.Context, org string, to uint64) (n int, err error) {
	if to == 0 {
		return 0, nil
	}
	for _, part := range []struct {
		prefix storage.Key
		end    storage.Key // the first that stays
	}{
		{entriesPrefix(org), entryKey(org, to+1)},
		{checkpointsPrefix(org), checkpointKey(org, to)},
	} {
		for {
			const page = 1000
			keys, err := l.store.Keys(ctx, part.prefix, "", page)
			if err != nil {
				return n, fmt.Errorf("audit: prune %q: %w", org, err)
			}
			old := 0
			for old < len(keys) && keys[old] < part.end {
				old++
			}
			if old == 0 {
				break
			}
			err = l.store.Update(ctx, func(tx storage.Tx) error {
				for _, key := range keys[:old] {
					if err := tx.Delete(key); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return n, fmt.Errorf("audit: prune %q: %w", org, err)
			}
			n += old
		}
	}
	return n, nil
}

// PruneAll prunes every organization, and tells of each that lost entries or could
// not be pruned.
func (l *Log) PruneAll(ctx context.Context, by string, before time.Time, tell func(org string, dropped int, err error)) error {
	for after := ""; ; {
		orgs, err := l.Orgs(ctx, after, 100)
		if err != nil {
			return err
		}
		for _, org := range orgs {
			n, err := l.Prune(ctx, org, by, before)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if n > 0 || err != nil {
				tell(org, n, err)
			}
			after = org
		}
		if len(orgs) < 100 {
			return nil
		}
	}
}

// Erase removes the whole chain of org, checkpoints too. Appends to it must have
// ended.
func (l *Log) Erase(ctx context.Context, org string) error {
	for _, prefix := range []storage.Key{entriesPrefix(org), checkpointsPrefix(org), baseKey(org), headKey(org)} {
		for {
			keys, err := l.store.Keys(ctx, prefix, "", 1000)
			if err != nil {
				return fmt.Errorf("audit: erase %q: %w", org, err)
			}
			if len(keys) == 0 {
				break
			}
			err = l.store.Update(ctx, func(tx storage.Tx) error {
				for _, key := range keys {
					if err := tx.Delete(key); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("audit: erase %q: %w", org, err)
			}
		}
	}
	return nil
}

// firstCheckpoint returns the checkpoint at the base of org.
func (l *Log) firstCheckpoint(ctx context.Context, org string, seq uint64) (c Checkpoint, err error) {
	data, err := l.store.Get(ctx, checkpointKey(org, seq))
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		return c, fmt.Errorf("%w: the checkpoint at the base of %q, entry %d: %v", ErrBroken, org, seq, err)
	}
	return c, nil
}
